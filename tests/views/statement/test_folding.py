"""A month's entries to figures: they add up for every story, and whatever is changed in a ledger, they do not."""

import copy
from typing import Any

import pytest

from rater.views.statement.period import UTC, Clocks, period_of
from tests.views.statement.ledgers import Book, at, december, folded, ledgers, months_of

NOVEMBER, DECEMBER = at("2026-11-20T10:00:00Z"), at("2026-12-10T10:00:00Z")
JANUARY = at("2027-01-01T00:00:00Z")


def test_every_statement_of_every_story_adds_up_and_begins_where_the_one_before_ended() -> None:
    seen = 0
    for entries in ledgers():
        closing: int | None = 0
        for month in months_of(entries):
            figures = folded(entries, period_of(month, UTC))
            seen += 1
            assert figures.faults == [], (entries[0], month)
            assert figures.opening_micros in {closing, closing or None}
            closing = figures.closing_micros
        last = [each for each in entries if "amount_micros" in each][-1]
        assert closing == last["balance_micros"]

    assert seen > 100


def month() -> Book:
    """Return a month with something of everything."""
    book = Book()
    book.add("account_opened", NOVEMBER)
    book.fund(NOVEMBER, 5_000_000)
    book.fund(DECEMBER, 10_000_000, lot_id="gift", category="promotional")
    first = book.charge(DECEMBER, 600_000, call={"user_id": "ann"})
    book.charge(DECEMBER, 400_000, NOVEMBER, call={"to": "+4915112345678"})
    pool = {"source": "pool", "id": "2026-12/P/a/FR", "quantity": 60}
    book.charge(DECEMBER, 0, draws=[pool], lines=[{"kind": "pool", "amount_micros": 0}])
    book.charge(DECEMBER, 0, outcome="free", reason="unanswered", call={"duration_s": 0})
    lines = [
        {"kind": "connection_fee", "amount_micros": 1_000},
        {"kind": "usage", "amount_micros": 9_000},
    ]
    book.charge(
        DECEMBER, 10_000, lines=lines, call={"call_type": "CONF_OUT", "organizer_id": "bob"}
    )
    back = [{"id": "L1", "amount_micros": 600_000}]
    book.add(
        "charge_reversed", DECEMBER, 600_000, cdr_id="c3", version=1, by="void", by_version=2,
        reverses=first["entry_id"], reversed_micros=600_000, returns=back,
    )  # fmt: skip
    grace = [{"id": "old", "amount_micros": 7, "grace": True}]
    book.charge(
        DECEMBER, 0, charge_micros=7, draws=grace, lines=[{"kind": "usage", "amount_micros": 7}]
    )
    book.add(
        "adjusted", DECEMBER, -50, reason="Booked twice.", draws=[{"id": "L1", "amount_micros": 50}]
    )
    book.add("lot_expired", DECEMBER, -100, lot_id="L1", grace_until_ms=JANUARY)
    book.add("lot_forfeited", DECEMBER, 0, lot_id="L1", forfeited_micros=100)
    lots = [{"remaining_micros": 14_589_850}]
    book.add("balance_carried_forward", DECEMBER, 0, lots=lots, month_ms=JANUARY)
    book.add("account_closed", JANUARY)
    return book  # fmt: skip


def test_a_month_is_summed_up_by_kind_by_user_and_by_what_paid() -> None:
    figures = folded(month().entries, december())
    said = figures.fields()

    assert figures.faults == []
    assert (figures.opening_micros, figures.closing_micros) == (5_000_000, 14_589_850)
    assert (figures.is_closed, figures.first_seq, figures.last_seq) == (True, 3, 14)
    assert {k: v for k, v in figures.movements.items() if v} == {
        "promotional": 10_000_000, "calls": -1_010_000, "corrections": 600_000, "adjusted": -50,
        "expired": -100,
    }  # fmt: skip
    assert [(e["class"], e["calls"], e["charge_micros"]) for e in said["by_class"]] == [
        ("conference_dial_out", 1, 10_000), ("free", 1, 0), ("in_bundle", 1, 0),
        ("international", 1, 400_000), ("overage", 1, 7),
    ]  # fmt: skip
    assert [(e["user_id"], e["calls"]) for e in said["by_user"]] == [(None, 4), ("bob", 1)]
    assert said["taken_back"] == {"calls": 1, "seconds": 90, "charge_micros": 600_000}
    assert said["late"] == [
        {"month": "2026-11", "calls": 1, "seconds": 90, "charge_micros": 400_000}
    ]
    assert said["sources"] == [
        {"source": "grace", "amount_micros": 7}, {"source": "lot", "amount_micros": 1_010_000},
    ]  # fmt: skip
    assert said["pools"] == [{"pool": "2026-12/P/a/FR", "used_s": 60}]
    assert said["fees"] == [{"kind": "connection_fee", "amount_micros": 1_000}]
    assert said["forfeited_micros"] == 100
    assert [(e["movement"], e["amount_micros"]) for e in said["credits"]] == [
        ("promotional", 10_000_000), ("adjusted", -50),
    ]  # fmt: skip


def _amounts(value: Any) -> list[Any]:
    """Return where amounts lie in a field."""
    rows = value if isinstance(value, list) else [value]
    names = ("amount_micros", "granted_micros", "remaining_micros")
    return [(row, name) for row in rows for name in names if isinstance(row, dict) and name in row]


FIELDS = ("amount_micros", "balance_micros", "charge_micros", "lot", "draws", "returns", "lots")
CASES = [
    (place, name)
    for place, entry in enumerate(month().entries)
    for name in FIELDS
    if place in range(2, 14) and (isinstance(entry.get(name), int) or _amounts(entry.get(name)))
]


@pytest.mark.parametrize(("place", "name"), CASES)
def test_a_ledger_that_was_changed_anywhere_does_not_add_up(place: int, name: str) -> None:
    entries = copy.deepcopy(month().entries)
    entry: dict[str, Any] = entries[place]
    if isinstance(entry[name], int):
        entry[name] += 1
    else:
        holder, key = _amounts(entry[name])[0]
        holder[key] += 1

    assert folded(entries, december()).faults != []


def test_an_entry_that_is_missing_is_found() -> None:
    entries = month().entries
    for place in range(3, 13):
        without = entries[:place] + entries[place + 1 :]

        assert any("some are missing" in fault for fault in folded(without, december()).faults), (
            place
        )


def test_reading_may_begin_anywhere_before_the_month_and_at_its_first_entry() -> None:
    entries = month().entries
    whole = folded(entries, december()).fields()

    assert folded(entries[1:], december()).fields() == whole
    assert folded(entries[2:], december()).fields() == whole


def test_a_new_account_begins_with_nothing() -> None:
    book = Book(balance=5)
    book.add("account_opened", DECEMBER)

    assert folded(book.entries, december()).faults == [
        "entry acme/1: a new account began with 0.000005"
    ]


def test_a_month_without_an_entry_has_the_balance_of_before_and_one_before_the_account_has_none() -> (
    None
):
    book = Book()
    book.add("account_opened", NOVEMBER)
    book.fund(NOVEMBER, 5)
    idle = folded(book.entries, december())

    assert (idle.opening_micros, idle.closing_micros, idle.is_closed) == (5, 5, False)
    assert folded(book.entries, period_of("2026-10", UTC)).opening_micros is None


def test_refusals_and_dropped_calls_take_no_number_and_move_nothing() -> None:
    book = Book()
    book.add("account_opened", DECEMBER)
    book.entries.append({"kind": "command_rejected", "entry_id": "x", "seq": 1, "at_ms": DECEMBER})
    book.fund(DECEMBER, 5)

    assert folded(book.entries, december()).faults == []


def test_a_call_late_by_the_accounts_clocks_is_late() -> None:
    """In Paris it was December already when it began."""
    book = Book()
    book.charge(DECEMBER, 5, at("2026-11-30T23:30:00Z"))

    assert folded(book.entries, december()).late.keys() == {"2026-11"}
    assert folded(book.entries, december(Clocks("Europe/Paris"))).late == {}
