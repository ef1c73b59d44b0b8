"""Calls for people: what is meant, and what it sums up to."""

from typing import Any

import pytest

from rater.views.calls import HEAD, REVERSED, CallSelection, Sums, row_of
from rater.views.entries import AHEAD_MS
from tests.played import played
from topics.records import ChargeReversed

T = 1_772_359_205_000


def charge(**fields: Any) -> dict[str, Any]:
    call = {
        "direction": "out", "to": "+34600111222", "answered_ms": T, "ended_ms": T + 61_000,
        "duration_s": 61, "started_ms": T - 5_000, "user_id": "ann",
    }  # fmt: skip
    return {
        "kind": "charge", "entry_id": "acme/9", "cdr_id": "c1", "call": call, "currency": "EUR",
        "charge_micros": 67_000, "destination": "Spain mobile",
        "draws": [{"id": "L1", "amount_micros": 67_000}],
    } | fields  # fmt: skip


def test_a_call_is_a_row() -> None:
    assert row_of(charge()) == (
        "2026-03-01T10:00:00Z", "ann", "+34600111222", "Spain mobile", "out", "61", "0.067 EUR",
        "L1 0.067", "c1",
    )  # fmt: skip


def test_every_charge_of_every_story_has_a_row() -> None:
    charges = [each for each in played().entries() if CallSelection().has(each)]

    assert {each["kind"] for each in charges} == {"charge"}
    assert {len(row_of(each)) for each in charges} == {len(HEAD)}


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ({"user": "ann"}, True),
        ({"user": "bob"}, False),
        ({"to": "+346"}, True),
        ({"to": "+33"}, False),
        ({"destination": "MOBILE"}, True),
        ({"destination": "France"}, False),
        ({"from_ms": T - 5_000}, True),
        ({"from_ms": T - 4_999}, False),
        ({"until_ms": T - 5_000}, False),
        ({"until_ms": T - 4_999}, True),
        ({"cdr_id": "c2"}, False),
    ],
)
def test_what_is_not_meant_is_left_out(
    said: dict[str, Any],
    is_meant: bool,  # noqa: FBT001
) -> None:
    assert CallSelection(**said).has(charge()) is is_meant
    assert not CallSelection(**said).has({"kind": "funds_added"})


def test_a_call_may_be_charged_long_after_it_so_only_its_beginning_bounds_what_is_read() -> None:
    assert CallSelection(from_ms=T, until_ms=T + 1).written_from_ms == T - AHEAD_MS


def test_sums_are_by_currency() -> None:
    sums = Sums()
    for each in (charge(), charge(), charge(currency="XXX", charge_micros=0)):
        sums.add(each)

    assert str(sums) == "3 calls, 183 s, 0.134 EUR"


def test_what_takes_a_charge_back_is_found_without_reading_it() -> None:
    """As the ledger writes it."""
    assert f'"kind":"{ChargeReversed.kind}"'.encode() == REVERSED
