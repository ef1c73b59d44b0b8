"""What the reconciler says of the lines of a charge: its fees are those of the deck, and all of them are the charge."""

import json
from typing import Any

import pytest

from rater.core.pricing.decks import Heading
from rater.reconcile.reading.log import Record
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_records import pack_deck
from tests.reconcile.honest_worker import START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER, RATE_DECKS

DECK = b"""prefix,rate,connection_fee,regulatory_fee,max_charge,action,destination
33,0.1,0.05,,,rate,France
335,0.1,0.05,0.02,,rate,regulated
336,0.1,0.05,,0.12,rate,capped
337,0.1,,,,rate,without fees
338,,,,,free,free
"""
"""What a call of two minutes to each prefix costs: 0.25; 0.27; 0.12; 0.20; nothing."""
CALLS = {
    "whole": "+33142685300",
    "regulated": "+33512345678",
    "capped": "+33612345678",
    "none": "+33712345678",
}


@pytest.fixture(scope="module")
def topics() -> Topics:
    worker = HonestWorker(decks={"acs": DECK})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for name, number in (CALLS | {"free": "+33812345678"}).items():
        worker.call("acme", name, to=number)
    worker.work()
    return dict(worker.topics)


def lines_of(topics: Topics, cdr_id: str) -> list[dict[str, Any]]:
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)
    found: list[dict[str, Any]] = json.loads(topics[LEDGER.name][index][1].value or b"")["lines"]
    return found


def test_fees_of_the_deck_are_clean_capped_or_not(topics: Topics) -> None:
    assert differences(topics) == []
    amounts = {
        name: [(line["kind"], line["amount_micros"]) for line in lines_of(topics, name)]
        for name in (*CALLS, "free")
    }
    assert amounts == {
        "whole": [("usage", 200_000), ("connection_fee", 50_000)],
        "regulated": [
            ("usage", 200_000),
            ("connection_fee", 50_000),
            ("regulatory_fee", 20_000),
        ],
        "capped": [("usage", 70_000), ("connection_fee", 50_000)],
        "none": [("usage", 200_000)],
        "free": [("usage", 0)],
    }


@pytest.mark.parametrize(
    ("cdr_id", "usage", "fee"),
    [
        ("whole", 250_000, None),
        ("whole", 210_000, 40_000),
        ("regulated", 220_000, 50_000),
        ("regulated", 270_000, None),
        ("capped", 120_000, None),
        ("capped", 69_999, 50_001),
        ("none", 150_000, 50_000),
        ("free", 0, 0),
    ],
)
def test_another_fee_is_named_though_the_lines_add_up(
    topics: Topics, cdr_id: str, usage: int, fee: int | None
) -> None:
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)
    lines = [lines_of(topics, cdr_id)[0] | {"amount_micros": usage}]
    if fee is not None:
        lines.append({"kind": "connection_fee", "amount_micros": fee, "rate_nanos": fee * 1_000})

    found = differences(altered(topics, LEDGER.name, index, {"lines": lines}))

    assert {(each.proof, each.field) for each in found} == {("charges", "lines")}


@pytest.mark.parametrize(
    "cell", ["abc", "0,01", "Infinity", "NaN", "1e500000", "1e2", "+0.5", "-0.5", "0.0000001", "."]
)
def test_a_fee_that_is_no_amount_is_a_fault_of_its_version_and_ends_nothing(cell: str) -> None:
    worker = HonestWorker()
    heading = read_heading("odd", 1, ("USD", "2020-01-01T00:00:00Z", "UTC", "split"))
    assert isinstance(heading, Heading)
    sheet = Sheet(["prefix", "rate", "connection_fee"], [2], [["33", "0.1", cell]])
    for number, (key, value) in enumerate(pack_deck(heading, sheet)):
        worker.topics[RATE_DECKS.name].append((0, Record(900 + number, START_MS, key, value)))

    found = differences(dict(worker.topics))

    assert [(each.proof, each.field) for each in found] == [("decks", "version")]
    assert "connection_fee" in str(found[0].found)


def test_a_masked_number_may_be_priced_by_what_its_hidden_digits_can_be() -> None:
    rows = "\n".join(f"39{digit},0.1" for digit in range(10))
    worker = HonestWorker(decks={"acs": f"prefix,rate\n{rows}\n".encode()})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "masked", to="+39********")
    worker.work()
    topics = dict(worker.topics)
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == "masked")

    assert differences(topics) == []
    found = differences(altered(topics, LEDGER.name, index, {"prefix": "38"}))
    assert ("charges", "prefix") in {(each.proof, each.field) for each in found}


@pytest.mark.parametrize(
    ("cdr_id", "lie", "field"),
    [
        ("whole", {"reason": "inbound"}, "reason"),
        ("free", {"reason": "emergency"}, "reason"),
        ("free", {"reason": "zero_duration"}, "reason"),
        ("whole", {"generation": 1}, "generation"),
        ("whole", {"job_id": "again"}, "job_id"),
        ("whole", {"reverses": "acme/1"}, "reverses"),
    ],
)
def test_what_a_charge_says_of_itself_is_held(
    topics: Topics, cdr_id: str, lie: dict[str, Any], field: str
) -> None:
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)

    found = differences(altered(topics, LEDGER.name, index, lie))

    assert ("charges", field) in {(each.proof, each.field) for each in found}


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"per": 1}, "lines"),
        ({"rate_nanos": 100_000_001}, "lines"),
        ({"quantity": 60}, "quantity"),
        ({"quantity": 121}, "quantity"),
        ({"quantity": 180}, "quantity"),
    ],
)
@pytest.mark.parametrize("cdr_id", CALLS)
def test_a_line_of_usage_that_no_row_of_the_deck_gives_is_found(
    topics: Topics, cdr_id: str, lie: dict[str, int], field: str
) -> None:
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)
    usage, *fees = lines_of(topics, cdr_id)

    found = differences(altered(topics, LEDGER.name, index, {"lines": [usage | lie, *fees]}))

    assert ("charges", field) in {(each.proof, each.field) for each in found}


BANDS = b"""prefix,rate,per_seconds,increment,start,end,from_second,rounding,decimals,connection_fee,max_charge
33,0.1,60,60/60,00:00,12:00,0,half_even,4,0.00005,
33,0.0333,7,30/6,12:00,24:00,0,up,3,0.5,0.9
39,0.1,60,60/60,,,0,half_up,2,,
39,0.05,1,1/1,,,60,down,6,,
44,0.0001,60,1/1,,,0,half_up,4,,
"""


@pytest.fixture(scope="module")
def banded() -> Topics:
    """Give calls over noon, past a tier, and such as are rounded each way."""
    worker = HonestWorker(decks={"acs": BANDS})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    noon = START_MS - 12 * 3_600_000
    for number, seconds in enumerate((1, 59, 61, 119, 200, 4_000)):
        for name, to in (("f", "+33142685300"), ("i", "+390612345678"), ("g", "+442012345678")):
            worker.call("acme", f"{name}{number}", to, billsec=seconds, ended_ms=noon + 60_000)
    worker.work()
    return dict(worker.topics)


def test_bands_tiers_and_every_rounding_are_clean(banded: Topics) -> None:
    spans = [
        len(line.get("spans", []))
        for _, record in banded[LEDGER.name]
        for line in json.loads(record.value or b"").get("lines", [])
    ]

    assert differences(banded) == []
    assert max(spans) == 2


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"start_ms": 1}, "spans"),
        ({"seconds": 1}, "spans"),
        ({"billed_s": 61}, "spans"),
        ({"rate_nanos": 1}, "spans"),
        ({"amount_nanos": 1}, "spans"),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_a_span_that_no_row_gives_is_found(
    banded: Topics, which: int, lie: dict[str, int], field: str
) -> None:
    index = place_of(banded, LEDGER.name, lambda entry: entry.get("cdr_id") == "f4")
    usage, *fees = lines_of(banded, "f4")
    usage["spans"][which] |= lie

    found = differences(altered(banded, LEDGER.name, index, {"lines": [usage, *fees]}))

    assert ("charges", field) in {(each.proof, each.field) for each in found}


def test_a_charge_that_is_rounded_otherwise_is_found_though_all_else_agrees(banded: Topics) -> None:
    index = place_of(banded, LEDGER.name, lambda entry: entry.get("cdr_id") == "g0")
    (usage,) = lines_of(banded, "g0")
    lie = {"charge_micros": 2, "lines": [usage | {"amount_micros": 2}]}

    found = differences(altered(banded, LEDGER.name, index, lie))

    assert ("charges", "charge_micros") in {(each.proof, each.field) for each in found}
