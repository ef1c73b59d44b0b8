"""CDRs from bytes: `decode_cdr` gives a `Cdr` or says why not. Fields are those of `topics.records.Cdr`.

The hot path of the house: msgspec checks types and bounds while it parses; what is left is checked by hand, since a
regular expression costs as much as the parse.
"""

from functools import lru_cache
from operator import attrgetter
from string import ascii_uppercase
from typing import Any

import msgspec
from msgspec import UNSET

from rater.core.cdr import Cdr
from rater.wire.cdr_record import CdrRecord
from rater.wire.malformed import VALUE_BYTES_MAX, Malformed, Why, repeated_field, undecodable, unfit
from rater.wire.times import EARLIEST, EARLIEST_MS, LATEST_MS, to_millis, to_text

_decode = msgspec.json.Decoder(CdrRecord).decode
_optional = attrgetter(*CdrRecord.__struct_fields__[7:])
_REQUIRED = 7
_OPTIONAL = len(CdrRecord.__struct_fields__) - _REQUIRED
_ANSWERED_AT = 12
assert CdrRecord.__struct_fields__[_REQUIRED + _ANSWERED_AT] == "answered_at"
_REQUIRED_TEXTS = 6
"""All but `billsec`; of the others, the first two are numbers: a record has two quotes for each name and each text."""


def decode_cdr(value: bytes | None) -> Cdr | Malformed:
    """Read one CDR; never raises. Fields we do not know are passed over, a field that is there twice is not."""
    if not value or len(value) > VALUE_BYTES_MAX:
        return unfit(value or b"")
    try:
        raw = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return undecodable(value, error)
    options = _optional(raw)
    absent = options.count(UNSET)
    numbers = (options[0] is not UNSET) + (options[1] is not UNSET)
    texts = _REQUIRED_TEXTS + _OPTIONAL - absent - options.count(None) - numbers
    if (
        value.count(b'"') != 2 * (_REQUIRED + _OPTIONAL - absent + texts)
        and (complaint := repeated_field(value)) is not None
    ):
        return complaint
    return _checked(raw, options)


def _checked(raw: CdrRecord, options: tuple[Any, ...]) -> Cdr | Malformed:
    """Check what msgspec has not, and make the core's CDR."""
    started, answered, to, cdr_id = raw.started_at, options[_ANSWERED_AT], raw.to, raw.cdr_id
    answered_ms = int((answered or started).timestamp() * 1_000 + 0.5)
    ended_ms = int(raw.ended_at.timestamp() * 1_000 + 0.5)
    if not (EARLIEST_MS <= answered_ms <= ended_ms < LATEST_MS) or (
        answered and not EARLIEST <= started <= answered
    ):
        return _bad_time(to_millis(started), answered_ms, ended_ms)
    if (
        not (to[0] == "+" and len(to) <= DIGITS_MAX + 1 and to[1:].isdecimal() and to.isascii())
        or to[1] == "0"
    ) and not is_number(to):
        return Malformed(Why.BAD_NUMBER, "to", f"not E.164 nor a short number; it is {to!r}")
    country = options[9]
    if country and country not in COUNTRIES:
        detail = f"not two capital letters; it is {country!r}"
        return Malformed(Why.UNKNOWN_VALUE, "usage_country", detail)
    if not cdr_id.isascii() or not cdr_id.isprintable() or " " in cdr_id:
        return Malformed(Why.UNKNOWN_VALUE, "cdr_id", f"not printable ASCII; it is {cdr_id!r}")
    if not is_tenant_id(raw.tenant_id):
        detail = f"letters, digits and . _ : @ - only; it is {raw.tenant_id!r}"
        return Malformed(Why.UNKNOWN_VALUE, "tenant_id", detail)
    return Cdr(
        raw.tenant_id,
        cdr_id,
        options[1] or 1,
        options[2] or "final",
        raw.direction,
        to,
        options[6] or None,
        options[5] or None,
        options[10] or None,
        country or None,
        options[13] or "answered",
        answered_ms,
        ended_ms,
        raw.billsec,
    )


def _bad_time(started_ms: int, answered_ms: int, ended_ms: int) -> Malformed:
    times = {"started_at": started_ms, "answered_at": answered_ms, "ended_at": ended_ms}
    for field, at_ms in times.items():
        if not EARLIEST_MS <= at_ms < LATEST_MS:
            return Malformed(
                Why.BAD_TIME, field, f"not in the years 2000 to 2100; it is {at_ms} ms"
            )
    field = "answered_at" if answered_ms < started_ms else "ended_at"
    shown = ", ".join(f"{name} {to_text(at_ms)}" for name, at_ms in times.items())
    return Malformed(Why.BAD_TIME, field, f"before what must come before it: {shown}")


COUNTRIES = frozenset(a + b for a in ascii_uppercase for b in ascii_uppercase)
"""All that has the form of a country code: a look-up costs less than a pattern."""
DIGITS_MAX = 15
"""Of an E.164 number, and of a short one."""
MASK_MAX = 8


def is_number(text: str) -> bool:
    """Say whether a text is E.164 with +, perhaps with a masked tail, or a short number as dialled."""
    digits = text[1:] if text[0] == "+" else text
    if digits.isdigit() and text.isascii():
        return len(digits) <= DIGITS_MAX and (digits is text or digits[0] != "0")
    return _is_odd_number(text)


def _is_odd_number(text: str) -> bool:
    if not text.isascii():
        return False
    if text[0] == "+":
        digits = text[1:].rstrip("*")
        stars = len(text) - 1 - len(digits)
        return (
            digits.isdigit()
            and digits[0] != "0"
            and len(digits) <= DIGITS_MAX
            and stars <= MASK_MAX
        )
    return len(text) <= DIGITS_MAX and not text.strip("0123456789*#")


@lru_cache(65_536)
def is_tenant_id(text: str) -> bool:
    """Say whether a text may name a tenant."""
    return text.isascii() and not text.strip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-"
    )
