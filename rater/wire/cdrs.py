"""CDRs from bytes: `decode_cdr` gives a `Cdr` or says why not.

The hot path of the house: msgspec checks types and bounds while it parses; what is left is checked by hand, since a
regular expression costs as much as the parse.
"""

from datetime import datetime
from functools import lru_cache
from string import ascii_uppercase
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from rater.core.cdr import Cdr
from rater.core.limits import CDR_BYTES_MAX
from rater.core.times import EARLIEST_MS, as_written, to_millis
from rater.wire.demands import DATE_TIME, found
from rater.wire.malformed import Malformed, Why, repeated_field, undecodable, unfit
from rater.wire.pattern_words import COUNTRY, NUMBER, PRINTABLE, TENANT
from topics.fields import LATEST_MS
from topics.records.cdr import Cdr as CdrRecord

_UNSET: Final[object] = UNSET
_astuple: Final = astuple
_decode: Final = msgspec.json.Decoder(CdrRecord).decode
_REQUIRED: Final = 7
_SCHEMA_VERSION: Final = 7
_VERSION: Final = 8
_KIND: Final = 9
_CALL_TYPE: Final = 12
_FROM: Final = 13
_USER_ID: Final = 14
_ORGANIZER_ID: Final = 15
_USAGE_COUNTRY: Final = 16
_SERVICE_NUMBER_TYPE: Final = 17
_ANSWERED_AT: Final = 19
_DISPOSITION: Final = 20
_ROUTING_NUMBER: Final = 24
# Written out: a compiled module takes a number that is Final for what it is, and looks up any other name.
assert CdrRecord.__struct_fields__[:10] == (
    *("cdr_id", "tenant_id", "direction", "to", "started_at", "ended_at", "billsec"),
    *("schema_version", "version", "kind"),
)
assert CdrRecord.__struct_fields__[_CALL_TYPE : _ORGANIZER_ID + 1] == (
    *("call_type", "from_", "user_id", "organizer_id"),
)
assert CdrRecord.__struct_fields__[_USAGE_COUNTRY : _DISPOSITION + 1] == (
    *("usage_country", "service_number_type", "license", "answered_at", "disposition"),
)
assert CdrRecord.__struct_fields__[_ROUTING_NUMBER] == "routing_number"
_OUT: Final = "out"
_REQUIRED_QUOTES: Final = 26
"""Of the names of the required fields and of their texts, which are all but `billsec`."""


def decode_cdr(value: bytes | None, bytes_max: int = CDR_BYTES_MAX) -> Cdr | Malformed:
    """Read one CDR; never raises. Fields we do not know are passed over, a field that is there twice is not."""
    if not value or len(value) > bytes_max:
        return unfit(value or b"", bytes_max)
    try:
        raw = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return undecodable(value, error, CdrRecord)
    fields = _astuple(raw)
    if value.count(b'"') != _quotes(fields) and (complaint := repeated_field(value)) is not None:
        return complaint
    return _checked(fields)


def _quotes(fields: tuple[Any, ...]) -> int:
    """Return how many quotes a record of these fields has: two for each name, and two for each text."""
    unset = _UNSET
    quotes = _REQUIRED_QUOTES
    for option in fields[_REQUIRED:]:
        if option is not unset:
            quotes += 2 if option is None else 4
    # The versions are numbers.
    if fields[_SCHEMA_VERSION] is not unset:
        quotes -= 2
    if fields[_VERSION] is not unset:
        quotes -= 2
    return quotes


def _checked(fields: tuple[Any, ...]) -> Cdr | Malformed:
    """Check what msgspec has not, and make the core's CDR."""
    cdr_id: str = fields[0]
    tenant_id: str = fields[1]
    to: str = fields[3]
    started: datetime = fields[4]
    answered: datetime | None = fields[_ANSWERED_AT] or None
    started_ms = to_millis(started)
    answered_ms = started_ms if answered is None else to_millis(answered)
    ended_ms = to_millis(fields[5])
    if not EARLIEST_MS <= started_ms <= answered_ms <= ended_ms < LATEST_MS:
        return _bad_time(started, answered, fields[5])
    is_plain = to[0] == "+" and len(to) <= DIGITS_MAX + 1 and to[1:].isdecimal() and to.isascii()
    routing: str | None = fields[_ROUTING_NUMBER] or None
    is_bad = (not is_plain or to[1] == "0") and not is_number(to)
    if is_bad or (routing is not None and not is_number(routing)):
        return _bad_number(to, routing)
    country = fields[_USAGE_COUNTRY]
    if country and country not in COUNTRIES:
        detail = f"{COUNTRY}{found(country)}"
        return Malformed(Why.UNKNOWN_VALUE, "usage_country", detail)
    if not cdr_id.isascii() or not cdr_id.isprintable() or " " in cdr_id:
        detail = f"{PRINTABLE}{found(cdr_id)}"
        return Malformed(Why.UNKNOWN_VALUE, "cdr_id", detail)
    if not is_tenant_id(tenant_id):
        detail = f"{TENANT}{found(tenant_id)}"
        return Malformed(Why.UNKNOWN_VALUE, "tenant_id", detail)
    if routing == to or fields[2] != _OUT:
        routing = None
    return Cdr(
        tenant_id,
        cdr_id,
        fields[_VERSION] or 1,
        fields[_KIND] or "final",
        fields[2],
        to if routing is None else routing,
        fields[_FROM] or None,
        fields[_CALL_TYPE] or None,
        fields[_SERVICE_NUMBER_TYPE] or None,
        country or None,
        fields[_DISPOSITION] or "answered",
        answered_ms,
        ended_ms,
        fields[6],
        answered is not None,
        started_ms,
        fields[_USER_ID] or None,
        fields[_ORGANIZER_ID] or None,
        None if routing is None else to,
    )


def _bad_number(to: str, routing: str | None) -> Malformed:
    field, number = ("routing_number", routing) if is_number(to) else ("to", to)
    return Malformed(Why.BAD_NUMBER, field, f"{NUMBER}{found(number)}")


def _bad_time(started: datetime, answered: datetime | None, ended: datetime) -> Malformed:
    times = {"started_at": started, "answered_at": answered or started, "ended_at": ended}
    for field, at in times.items():
        if not EARLIEST_MS <= to_millis(at) < LATEST_MS:
            return Malformed(Why.BAD_TIME, field, f"{DATE_TIME}{found(as_written(at))}")
    field = "answered_at" if answered and answered < started else "ended_at"
    shown = ", ".join(f"{name} {as_written(at)}" for name, at in times.items())
    return Malformed(Why.BAD_TIME, field, f"must not be before what precedes it, found {shown}")


COUNTRIES: Final = frozenset(a + b for a in ascii_uppercase for b in ascii_uppercase)
"""All that has the form of a country code: a look-up costs less than a pattern."""
DIGITS_MAX: Final = 15
"""Of an E.164 number, and of a short one."""
MASK_MAX: Final = 8


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
