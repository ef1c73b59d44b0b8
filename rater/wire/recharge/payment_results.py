"""Payment results from bytes: `decode_result` gives a `Result`, or says why not. Others may write a gateway."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.recharge.payments import Captured, Declined, MovedBack, Result, Unclear
from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly

_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
_Tenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Note = Annotated[str, Meta(max_length=1000)]
_Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", min_length=3, max_length=3)]


class _Result(msgspec.Struct, tag_field="outcome"):
    command_id: _Id
    tenant_id: _Tenant
    at_ms: Annotated[int, Meta(ge=0, le=4_133_980_800_000)]
    provider: _Name
    mode: Literal["live", "test"]


class _Succeeded(_Result, tag="succeeded"):
    payment_id: _Id
    amount_micros: Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]
    currency: _Currency
    livemode: bool


class _Declined(_Result, tag="declined"):
    decline_class: Literal["hard", "soft"]
    code: _Name
    detail: _Note = ""
    payment_id: _Id | None = None


class _Unknown(_Result, tag="unknown"):
    detail: _Note = ""


class _MovedBack(_Result):
    payment_id: _Id
    reversal_id: _Id
    reversal: Literal["refund", "dispute"]
    reversed_micros: Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]
    currency: _Currency
    restored_micros: Annotated[int, Meta(ge=0, le=AMOUNT_MICROS_MAX)] = 0


class _Reversed(_MovedBack, tag="reversed"):
    pass


class _Restored(_MovedBack, tag="restored"):
    pass


_decode = msgspec.json.Decoder(_Succeeded | _Declined | _Unknown | _Reversed | _Restored).decode


def decode_result(value: bytes | None) -> Result | Malformed:
    """Read one result; never raises."""
    raw = read_strictly(_decode, value)
    return raw if isinstance(raw, Malformed) else _convert(raw)


def _convert(raw: Any) -> Result:
    head = (raw.command_id, raw.tenant_id, raw.at_ms)
    match raw:
        case _Succeeded():
            money = (raw.payment_id, raw.amount_micros, raw.currency)
            return Captured(*head, *money, raw.mode, raw.livemode)
        case _Declined():
            return Declined(*head, raw.decline_class == "hard", raw.code)
        case _MovedBack():
            sums = (raw.reversed_micros, raw.restored_micros, raw.currency)
            return MovedBack(*head, raw.payment_id, raw.reversal_id, raw.reversal, *sums)
    return Unclear(*head)
