"""Pricing in Python: load a rate deck, price a call; what `rater price` does, and a worker.

>>> from rater.pricing import load_deck, price
>>> deck = load_deck("rater/data/sample_deck.csv")
>>> price(deck, to="+33612345678", answered_at="2026-11-02T09:00:00Z", duration_s=219).charge
Decimal('0.1264')

Amounts and rates are exact `Decimal`s in the deck's currency; floats are neither taken nor returned. Nothing here
reads the clock: the version and the hours of a deck are those of `answered_at`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from os import PathLike, fsencode
from pathlib import Path
from typing import Any, Literal

from rater.core.pricing.decks import DeckBook, Heading, Version
from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_files import ALWAYS, DeckFileError, compile_file
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_rows import DeckFault
from rater.wire.pricing.quotes import BadCall, Quoter, read_call

__all__ = [
    "CallError",
    "Deck",
    "DeckError",
    "DeckFault",
    "Line",
    "Price",
    "Span",
    "load_deck",
    "price",
]

_RENAMED = {"duration": "duration_s", "from": "from_"}


class DeckError(ValueError):
    """A deck that cannot be used; the message names every fault.

    `field` is the argument that is wrong (`path`, `currency`, `deck_id`, ...); `faults` are the lines of a
    file that could be read but not compiled, each with `line`, `column`, `value` and `complaint`.
    """

    def __init__(self, message: str, field: str, faults: tuple[DeckFault, ...] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.faults = faults


class CallError(ValueError):
    """A call that cannot be read: `field` is the argument, `value` what stood there, `detail` what is wrong."""

    def __init__(self, field: str, value: str, detail: str) -> None:
        super().__init__(f"{field}: {value} {detail}")
        self.field = field
        self.value = value
        self.detail = detail


class Deck:
    """A compiled rate deck; make it with `load_deck`. It never changes, so that threads may share one."""

    __slots__ = ("_quoter", "currency", "deck_id")

    def __init__(self, quoter: Quoter, deck_id: str, currency: str) -> None:
        self._quoter = quoter
        self.deck_id = deck_id
        self.currency = currency

    def versions(self) -> list[Version]:
        """Return what is in it, for other modules of ours."""
        return self._quoter.book.versions()

    def __repr__(self) -> str:
        return f"Deck({self.deck_id!r}, {self.currency})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a call under one row of the deck."""

    start: datetime
    """When it begins, in UTC."""
    seconds: int
    """Connected seconds of it."""
    billed_s: int
    """The same after billing increments."""
    rate: Decimal
    """Price of `per_s` seconds."""
    per_s: int
    """The seconds that `rate` is for: 60, unless the deck says otherwise."""
    amount: Decimal
    """What it costs, before the one rounding of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one component adds to a charge."""

    kind: str
    """`usage`, or a fee as its column of the deck is named, such as `connection_fee`."""
    amount: Decimal
    """Its part of the charge, which is rounded once over all lines."""
    spans: tuple[Span, ...]
    """Of usage the stretches of the call; empty for a fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a call costs, or why it is free or has no price."""

    outcome: Literal["rated", "free", "denied", "unrated"]
    """`rated`: it costs `charge`. `free`: nobody pays. `denied`: the deck refuses it. `unrated`: it has no price."""
    reason: str | None
    """Why it is free, denied or unrated, such as `emergency` or `no_rate`; None when rated."""
    detail: str | None
    """The reason in a sentence, where there is more to say."""
    charge: Decimal | None
    """What the account pays, rounded once; None when denied or unrated."""
    currency: str
    """ISO 4217 code of all amounts: the deck's."""
    prefix: str | None
    """The matched digits that named the destination."""
    destination: str | None
    """The deck's name for them."""
    country: str | None
    """ISO 3166 code as the deck has it, or an empty text."""
    number_type: str | None
    """Kind of the number called, such as `mobile`."""
    billed_s: int
    """Seconds that are paid: the duration after billing increments."""
    lines: tuple[Line, ...]
    """What the charge is made of: usage, then the fees; they add up to it. Empty unless a deck priced the call."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the usage of the call by rows of the deck."""
        return tuple(span for line in self.lines for span in line.spans)

    @property
    def is_priced(self) -> bool:
        """Say whether the call has a price, be it nothing."""
        return self.charge is not None


def load_deck(  # noqa: PLR0913  # What a deck file does not say of itself, each by its name.
    path: str | PathLike[str],
    *,
    deck_id: str = "deck",
    currency: str = "USD",
    valid_from: str = ALWAYS,
    time_zone: str = "UTC",
    band_policy: Literal["split", "start"] = "split",
    calendars: str | PathLike[str] | None = None,
) -> Deck:
    """Read and compile a deck file, a CSV as docs/reference/deck-columns.md describes it.

    `valid_from`: since when it is in force, RFC 3339 with an offset; a call answered before has no price.
    `time_zone`: where its hours are local. `band_policy`: cut a call at the boundary of two bands, or let the
    band of the answer govern it. `calendars`: a file with the dates of the calendars that its rows name. Raises
    `DeckError`.

    >>> load_deck("no_such_file.csv")
    Traceback (most recent call last):
    rater.pricing.DeckError: no_such_file.csv: No such file or directory
    """
    terms = (currency, valid_from, time_zone, band_policy)
    _check_path("path", path)
    if calendars is not None:
        _check_path("calendars", calendars)
    names = ("deck_id", "currency", "valid_from", "time_zone", "band_policy")
    for name, value in zip(names, (deck_id, *terms), strict=True):
        if not isinstance(value, str):
            raise DeckError(f"{name}: {value!r} is not a text", field=name)
    dates = read_calendar_file(None if calendars is None else Path(calendars))
    if isinstance(dates, str):
        raise DeckError(f"calendars: {dates}", field="calendars")
    heading = read_heading(deck_id, 1, terms, dates)
    if not isinstance(heading, Heading):
        raise DeckError(heading, field=heading.partition(":")[0])
    try:
        deck = compile_file(Path(path), heading)
    except DeckFileError as error:
        raise DeckError(str(error), field="path", faults=error.faults) from error
    return Deck(Quoter(DeckBook.of([deck]), deck_id, currency), deck_id, currency)


def _check_path(name: str, path: object) -> None:
    """Raise DeckError for what no file can be called."""
    try:
        is_path = isinstance(path, (str, PathLike)) and b"\0" not in fsencode(path)
    except (TypeError, ValueError):
        is_path = False
    if not is_path:
        raise DeckError(f"{name}: {path!r} is not the path of a file", field=name)


def price(  # noqa: PLR0913  # What a call is made of, each by its name.
    deck: Deck,
    *,
    to: str,
    answered_at: str | datetime,
    duration_s: int,
    from_: str | None = None,
    direction: Literal["out", "in"] = "out",
    country: str | None = None,
    service_number_type: str | None = None,
) -> Price:
    """Price an answered call by a deck, as a worker prices a CDR of an account that names it.

    `to`, `from_`: E.164 with a plus sign; the last digits of `to` may be masked with asterisks. `answered_at`:
    RFC 3339 text with an offset, or an aware datetime. `duration_s`: whole connected seconds. `country`: the
    caller's, ISO 3166, for its emergency numbers. `service_number_type`: of an inbound call's number.
    A call without a price is a value; `CallError` is for one that cannot be read, and names the argument.

    >>> deck = load_deck("rater/data/sample_deck.csv")
    >>> price(deck, to="112", answered_at="2026-11-02T09:00:00Z", duration_s=30).reason
    'emergency'
    >>> price(deck, to="+33612345678", answered_at="yesterday", duration_s=30)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    rater.pricing.CallError: answered_at: yesterday is not a time with its offset, in the years 2000 to 2100, ...
    """
    if direction not in ("out", "in"):
        raise CallError("direction", repr(direction), "is neither out nor in")
    call = read_call(
        {
            "to": to,
            "from": from_,
            "answered_at": answered_at,
            "duration": duration_s,
            "direction": direction,
            "country": country,
            "service_number_type": service_number_type,
        }
    )
    if isinstance(call, BadCall):
        field = call.field or "to"
        raise CallError(_RENAMED.get(field, field), call.value, call.detail)
    return _price(deck._quoter.quote(call))  # noqa: SLF001  # The deck is opaque to others, not to this module.


def _price(quote: Mapping[str, Any]) -> Price:
    """Return a quote, which is made for people to read, with Python's types."""
    return Price(
        outcome=quote["outcome"],
        reason=quote["reason"],
        detail=quote.get("detail"),
        charge=_decimal(quote["charge"]),
        currency=quote["currency"],
        prefix=quote["prefix"],
        destination=quote["destination"],
        country=quote["country"],
        number_type=quote["number_type"],
        billed_s=quote["billed_seconds"],
        lines=tuple(_line(line) for line in quote["lines"]),
    )


def _line(line: Mapping[str, Any]) -> Line:
    return Line(
        kind=line["kind"],
        amount=Decimal(line["amount"]),
        spans=tuple(_span(span) for span in line.get("spans", ())),
    )


def _span(span: Mapping[str, Any]) -> Span:
    return Span(
        start=datetime.fromisoformat(span["start"]),
        seconds=span["seconds"],
        billed_s=span["billed_seconds"],
        rate=Decimal(span["rate"]),
        per_s=span["per_seconds"],
        amount=Decimal(span["amount"]),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
