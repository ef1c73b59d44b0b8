"""Balance events from bytes, as recharge reads them."""

from functools import reduce
from operator import or_
from typing import Any

import msgspec

from rater.core import events as v
from rater.wire.malformed import VALUE_BYTES_MAX, Malformed, undecodable, unfit

EVENTS: tuple[type[v.Event], ...] = (
    v.ThresholdCrossed,
    v.ThresholdRearmed,
    v.BalanceExhausted,
    v.BalanceRestored,
    v.FundsCredited,
    v.FundsExpired,
    v.SettingsChanged,
    v.AutoRechargeChanged,
    v.PaymentMethodsChanged,
    v.RecipientsChanged,
    v.RechargeResumedEvent,
    v.FundsExpiring,
    v.FraudSuspected,
    v.AccountClosedEvent,
)


def _readable(event: type[v.Event]) -> type[msgspec.Struct]:
    """Return a twin that can be read: what is written only where there is something may be absent."""
    columns = [
        (field.name, field.type, msgspec.UNSET)
        if field.name == "runway_h"
        else (field.name, field.type)
        if field.required
        else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(event)
    ]
    tag = event.__struct_config__.tag
    return msgspec.defstruct(event.__name__, columns, kw_only=True, tag_field="kind", tag=tag)


_ORIGINALS: dict[type, type[v.Event]] = {_readable(event): event for event in EVENTS}
_Any: Any = reduce(or_, _ORIGINALS)
_decode = msgspec.json.Decoder(_Any).decode


def decode_event(value: bytes | None) -> v.Event | Malformed:
    """Read one event; never raises."""
    if not value or len(value) > VALUE_BYTES_MAX:
        return unfit(value or b"")
    try:
        read = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return undecodable(value, error)
    event = _ORIGINALS[type(read)]
    return event(*[getattr(read, name) for name in event.__struct_fields__])
