"""Balance events from bytes, as recharge reads them."""

from functools import reduce
from operator import or_
from typing import Any, cast

import msgspec

from rater.core import events as e
from rater.wire.malformed import VALUE_BYTES_MAX, Malformed, undecodable, unfit

EVENTS: tuple[type[e.Event], ...] = (
    e.ThresholdCrossed,
    e.ThresholdRearmed,
    e.BalanceExhausted,
    e.BalanceRestored,
    e.FundsCredited,
    e.FundsExpired,
    e.SettingsChanged,
    e.AutoRechargeChanged,
    e.PaymentMethodsChanged,
    e.RecipientsChanged,
    e.RechargeResumedEvent,
    e.FundsExpiring,
    e.FraudSuspected,
    e.AccountClosedEvent,
)
_Any: Any = reduce(or_, EVENTS)
_decode = msgspec.json.Decoder(_Any).decode


def decode_event(value: bytes | None) -> e.Event | Malformed:
    """Read one event; never raises."""
    if not value or len(value) > VALUE_BYTES_MAX:
        return unfit(value or b"")
    try:
        return cast("e.Event", _decode(value))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return undecodable(value, error)
