"""Quotes: a call as people type it in, and what it costs as they read it."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from msgspec import Struct

from rater.core.account.account import Account
from rater.core.account.funding import fund
from rater.core.cdr import Call, Cdr
from rater.core.limits import DURATION_S_MAX, SECOND_MS
from rater.core.pricing.components.usage import KIND as USAGE
from rater.core.pricing.components.usage import billed_s, spans_of
from rater.core.pricing.decks import DeckBook, Direction
from rater.core.pricing.plans import minute_price
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.core.pricing.plans.funding import POOL
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated, Refusal, Span, Unrated
from rater.core.pricing.rules import Rules
from rater.core.times import to_text
from rater.wire.cdrs import is_number
from rater.wire.demands import unknown_field
from rater.wire.malformed import repeated_field
from rater.wire.moments import NO_MOMENT, read_instant
from rater.wire.pricing.amounts import format_micros, format_nanos
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from topics.records import ChargeLine

CALLER_LENGTH_MAX = 64
KIND_LENGTH_MAX = 32
LINE_BYTES_MAX = 64 * 1024
"""Of a line with a call; real ones are below 300."""
FIELDS: Final = (
    *("to", "from", "answered_at", "duration"),
    *("direction", "country", "service_number_type", "call_type"),
)
"""Of a call."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SHOWN = 120
_SHOWN_BITS = 4_096
"""Python refuses to write out numbers that are much longer."""
_COUNTRY = re.compile("[A-Z]{2}")
_NO_KIND = f"is not a text of 1 to {KIND_LENGTH_MAX} characters"

Record = dict[str, Any]


class BadCall(Struct, frozen=True):
    """A call that cannot be read: its field, what stood there, and what is wrong with it."""

    field: str | None
    value: str
    detail: str

    def as_record(self, line: int) -> Record:
        """Return the JSON line that stands for the call."""
        return {
            "outcome": "error",
            "line": line,
            "field": self.field,
            "value": self.value,
            "detail": self.detail,
        }


def read_call_line(line: bytes) -> Cdr | BadCall:
    """Read a call of a JSON line, or say why not."""
    found = line[: 4 * _SHOWN].decode(errors="replace").strip()[:_SHOWN]
    if len(line) > LINE_BYTES_MAX:
        return BadCall(None, found, f"has more than {LINE_BYTES_MAX} bytes")
    try:
        fields = orjson.loads(line.removeprefix(_BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        return BadCall(None, found, f"is not JSON: {error}")
    if not isinstance(fields, dict):
        return BadCall(None, _shown(fields), "is not a JSON object")
    if (twice := repeated_field(line.removeprefix(_BYTE_ORDER_MARK))) is not None:
        return BadCall(twice.field, _shown(fields.get(twice.field)), twice.detail)
    for name in fields:
        if name not in FIELDS:
            return BadCall(name[:_SHOWN], _shown(fields[name]), unknown_field(name, FIELDS))
    return read_call(fields)


def read_call(fields: Mapping[str, Any]) -> Cdr | BadCall:
    """Read a call of its fields, to, answered_at, duration, and maybe others, as the CDR it would be."""
    to, duration = fields.get("to"), fields.get("duration")
    caller: Any = fields.get("from")
    direction: Any = fields.get("direction")
    direction = Direction.OUT.value if direction is None else direction
    answered = fields.get("answered_at")
    answered_ms = read_instant(answered)
    country = fields.get("country")
    kind, call_type = fields.get("service_number_type"), fields.get("call_type")
    wrong = None
    if not isinstance(to, str) or not to or not is_number(to):
        wrong = "to", "is not a number like +33612345678, +3361234**** or 112"
    elif answered_ms is None:
        wrong = "answered_at", NO_MOMENT
    elif type(duration) is not int or not 0 <= duration <= DURATION_S_MAX:
        wrong = "duration", f"is not a whole number of seconds from 0 to {DURATION_S_MAX}"
    elif caller is not None and not (isinstance(caller, str) and len(caller) <= CALLER_LENGTH_MAX):
        wrong = "from", f"is not a text of at most {CALLER_LENGTH_MAX} characters"
    elif direction not in tuple(Direction):
        wrong = "direction", "is neither out nor in"
    elif country is not None and not (isinstance(country, str) and _COUNTRY.fullmatch(country)):
        wrong = "country", "is not a country code of two capital letters"
    elif not _is_kind(kind):
        wrong = "service_number_type", _NO_KIND
    elif not _is_kind(call_type):
        wrong = "call_type", _NO_KIND
    else:
        call = Call(direction, to, caller or None, answered_ms, duration)
        return _cdr(call, country, kind, call_type)
    return BadCall(wrong[0], _shown(fields.get(wrong[0])), wrong[1])


def _is_kind(text: object) -> bool:
    return text is None or (isinstance(text, str) and 0 < len(text) <= KIND_LENGTH_MAX)


def _cdr(call: Call, country: str | None, kind: str | None, call_type: str | None) -> Cdr:
    """Return the CDR of an answered call."""
    return Cdr(
        tenant_id="",
        cdr_id="",
        version=1,
        kind="final",
        direction=call.direction,
        to=call.to,
        from_=call.from_,
        call_type=call_type,
        service_number_type=kind,
        usage_country=country,
        disposition="answered",
        answered_ms=call.answered_ms,
        ended_ms=call.answered_ms + call.billsec * SECOND_MS,
        billsec=call.billsec,
        is_answer_named=True,
        started_ms=call.answered_ms,
        user_id=None,
        organizer_id=None,
    )


class Quoter:
    """Prices calls by one deck, as a worker does for an account that names it."""

    def __init__(
        self,
        book: DeckBook,
        deck_id: str,
        currency: str,
        plans: PlanBook = NO_BOOK,
        holder: Account | None = None,
    ) -> None:
        """Take the book, the deck to price by, and the account's currency; who holds which plans."""
        self.book = book
        self._rules = Rules(book, load_numbers(), shipped_book(), plans)
        self._holder = holder
        self._deck_ids = (deck_id,)
        self._currency = currency

    def quote(self, cdr: Cdr) -> Record:
        """Return what a call costs, or why it is free or has no price."""
        rated = price_call(
            cdr, self._deck_ids, self._currency, self._rules, self._rules.settings.at(cdr.ended_ms)
        )
        if isinstance(rated, str):
            return self._record("free", rated, charge=format_micros(0))
        if isinstance(rated, Refusal):
            outcome = "denied" if rated.reason is Unrated.DENIED else "unrated"
            return self._record(outcome, rated.reason, prefix=rated.prefix, detail=rated.detail)
        if self._holder is not None:
            # Nothing is used of the holder's pools, and nothing is taken of them here: there is room for each.
            funded = fund(self._holder, cdr, rated, self._rules, cdr.ended_ms)
            assert isinstance(funded, Rated), funded
            rated = funded
        return self._record(rated.outcome, rated.reason, **_priced(rated, cdr), **_grace(rated))

    def _record(self, outcome: str, reason: str | None, **others: Any) -> Record:
        """Return an answer with every field, null where it does not apply."""
        return {
            "outcome": outcome,
            "reason": reason,
            "charge": None,
            "currency": self._currency,
            "prefix": None,
            "destination": None,
            "country": None,
            "number_type": None,
            "billed_seconds": 0,
            "lines": [],
        } | others


_OF_POOLS: Final = frozenset((POOL, minute_price.USAGE, minute_price.FEE))


def _priced(rated: Rated, call: Call) -> Record:
    return {
        "charge": format_micros(rated.charge_micros),
        "prefix": rated.prefix,
        "destination": rated.destination,
        "country": rated.country,
        "number_type": rated.number_type,
        "billed_seconds": billed_s(rated.lines),
        "lines": [
            *[_line(line, rated.lines, call) for line in rated.lines if line.kind not in _OF_POOLS],
            *_pools(rated),
        ],
    }


def _pools(rated: Rated) -> list[Record]:
    """Return what pools pay, in order: of which one, and how many seconds, then what these cost; of whatever month."""
    draws = iter(() if rated.funding is None else rated.funding.draws)
    shown: list[Record] = []
    for line in rated.lines:
        if line.kind in _OF_POOLS:
            shown.append({"kind": line.kind, "amount": format_micros(line.amount_micros)})
        if line.kind == POOL:
            draw = next(draws)
            shown[-1] |= {"pool": (draw.id or "").partition("/")[2], "seconds": draw.quantity}
    return shown


def _grace(rated: Rated) -> Record:
    """Return the sentence on a call in grace; of others there is no more to say."""
    if rated.grace_s is None:
        return {}
    return {
        "detail": f"duration: shorter than the grace of {rated.grace_s} seconds of prefix {rated.prefix}"
    }


def _line(line: ChargeLine, lines: tuple[ChargeLine, ...], call: Call) -> Record:
    """Return a line as people read it: what it adds to the charge, and of usage each stretch at its rate."""
    shown: Record = {"kind": line.kind, "amount": format_micros(line.amount_micros)}
    if line.kind == USAGE:
        shown["spans"] = [_span(span) for span in spans_of(lines, call)]
    return shown


def _span(span: Span) -> Record:
    return {
        "start": to_text(span.start_ms),
        "seconds": span.seconds,
        "billed_seconds": span.billed_s,
        "rate": format_nanos(span.rate_nanos),
        "per_seconds": span.per_s,
        "amount": format_nanos(span.amount_nanos),
    }


def _shown(value: object) -> str:
    """Return a value as it stood in JSON, or as Python shows what JSON has no word for; shortened."""
    if isinstance(value, str):
        return value[:_SHOWN]
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"a number of {value.bit_length()} bits"
    try:
        return orjson.dumps(value).decode()[:_SHOWN]
    except orjson.JSONEncodeError:
        return repr(value)[:_SHOWN]
