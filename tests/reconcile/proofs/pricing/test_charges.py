"""What the reconciler says of the lines of a charge: its fees are those of the deck, and all of them are the charge."""

import json
from typing import Any

import pytest

from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER

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
