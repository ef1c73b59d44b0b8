"""Balance events from bytes, as recharge reads them: charging writes them, and is not trusted to be without fault."""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from rater.core import events as v
from rater.core.limits import RUNWAY_H_MAX
from rater.core.rejections import Rejected
from rater.wire.command_fields import Amount, Currency, Hours, Id, Name, Positive, Tenant
from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.fields import Language

EVENTS: tuple[type[v.Event], ...] = (
    v.ThresholdCrossed,
    v.ThresholdRearmed,
    v.BalanceExhausted,
    v.BalanceRestored,
    v.FundsCredited,
    v.CreditRefused,
    v.PaymentReversed,
    v.PaymentRestored,
    v.FundsExpired,
    v.SettingsChanged,
    v.AutoRechargeChanged,
    v.PaymentMethodsChanged,
    v.RecipientsChanged,
    v.RechargeResumedEvent,
    v.FundsExpiring,
    v.FraudSuspected,
    v.AccountClosedEvent,
    v.AccountReopenedEvent,
)

_Reference = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+\Z")]
_Text = Annotated[str, Meta(max_length=2_000)]
_Millis = Annotated[int, Meta(ge=0, le=4_133_980_800_000)]


class _Method(msgspec.Struct):
    reference: _Reference
    customer: _Reference | None = None
    label: Name | None = None


_CHECKED: dict[str, Any] = {
    "event_id": Annotated[str, Meta(min_length=1, max_length=320)],
    "tenant_id": Tenant,
    "seq": Annotated[int, Meta(ge=0, le=2**53 - 1)],
    "at_ms": _Millis,
    "currency": Currency,
    "balance_micros": Amount,
    "cause": Literal[
        "charge", "credit", "reversal", "adjustment", "expiry", "settings", "close", "reopen"
    ],
    "cause_id": Id,
    "runway_h": Annotated[int, Meta(ge=0, le=RUNWAY_H_MAX)],
    "threshold_id": Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+\Z")],
    "threshold_micros": Amount,
    "threshold_h": Hours,
    "label": Name,
    "lot_id": Id,
    "reversal": Literal["refund", "dispute"],
    "reversal_id": Id,
    "reason": Rejected,
    "payment_command_id": Id,
    "enabled": bool,
    "on_hold": bool,
    "mode": Literal["fixed", "target", "gap"],
    "amount_micros": Positive,
    "target_micros": Positive,
    "trigger_micros": Positive,
    "trigger_h": Hours,
    "count_cap": Annotated[int, Meta(ge=1, le=1_000)],
    "money_cap_micros": Positive,
    "methods": Annotated[tuple[_Method, ...], Meta(max_length=8)],
    "emails": Annotated[tuple[_Text, ...], Meta(max_length=16)],
    "language": Language,
    "webhook": _Text,
    "days": Annotated[int, Meta(ge=1, le=30)],
    "expires_ms": _Millis,
    "limit": Literal["spend_per_hour", "cost_per_call", "new_destinations", "recharge_cap"],
    "limit_micros": Amount,
    "found_micros": Amount,
    "denied": Annotated[tuple[Name, ...], Meta(max_length=16)],
}
"""What a field of that name may be, as the schema says: a number beyond its bounds must not get into a state."""


def _readable(event: type[v.Event]) -> type[msgspec.Struct]:
    """Return a twin that can be read: checked, and what is written only where there is something may be absent."""
    columns: list[Any] = []
    for field in msgspec.structs.fields(event):
        checked = _CHECKED[field.name]
        if field.name == "runway_h":
            columns.append((field.name, checked | None | msgspec.UnsetType, msgspec.UNSET))
        elif field.required:
            columns.append((field.name, checked))
        else:
            optional = checked if field.default is not None else checked | None
            columns.append((field.name, optional, field.default))
    tag = event.__struct_config__.tag
    return msgspec.defstruct(event.__name__, columns, kw_only=True, tag_field="kind", tag=tag)


_ORIGINALS: dict[type, type[v.Event]] = {_readable(event): event for event in EVENTS}
_Any: Any = reduce(or_, _ORIGINALS)
_decode = msgspec.json.Decoder(_Any).decode


def decode_event(value: bytes | None) -> v.Event | Malformed:
    """Read one event; never raises."""
    read = read_strictly(_decode, value)
    return read if isinstance(read, Malformed) else _convert(read)


def _convert(read: msgspec.Struct) -> v.Event:
    event = _ORIGINALS[type(read)]
    return event(*[getattr(read, name) for name in event.__struct_fields__])
