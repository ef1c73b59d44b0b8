"""Masked topics are proven as others are; who hides too much, too little or something else is found."""

import json
from base64 import b64decode, b64encode
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics import catalog

LEDGER, SUSPENSE, DEAD = catalog.LEDGER.name, catalog.SUSPENSE.name, catalog.DEAD.name
CALLED, CALLER = "33612345678", "32475123456"
PORTED = "33142685300"


@cache
def masked_day() -> HonestWorker:
    """Return a worker that hides numbers, after a charge, a call without a rate, and one that cannot be read."""
    worker = HonestWorker(masks=[{"prefix": "+33", "digits": 4}, {"prefix": "", "digits": 3}])
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 9_000_000)
    worker.call("acme", "c1", f"+{CALLED}", **{"from": f"+{CALLER}"})
    worker.call(
        "acme", "c2", f"+{CALLED}", **{"from": f"sip:{CALLER}@pbx"}, disposition="busy", billsec=0
    )
    worker.call("acme", "c3", "+99912345678", **{"from": f"+{CALLER}"}, note=f"again to +{CALLED}")
    worker.call("acme", "c5", f"+{CALLED}", routing_number=f"+{PORTED}")
    worker.call("acme", "c6", f"+{CALLED}", routing_number="+99912345678")
    escaped = {"cdr_id": "c4", "to": f"+{CALLED}", "billsec": "many"}
    worker.produce(catalog.CDR_RAW.name, b"acme", json.dumps(escaped).encode())
    worker.work()
    worker.flush()
    return worker


def test_masked_topics_are_clean_and_name_no_number() -> None:
    worker = masked_day()
    written = [
        b64decode(value["value_b64"]) if topic == DEAD else record.value or b""
        for topic in (LEDGER, SUSPENSE, DEAD)
        for _, record in worker.topics[topic]
        for value in [json.loads(record.value or b"{}")]
    ]

    assert [] == differences(worker.topics)
    assert 3 <= len(written)
    assert not [each for each in written if CALLED.encode() in each or CALLER.encode() in each]
    assert not [each for each in written if PORTED.encode() in each]
    assert [each for each in written if b"+3361234****" in each]


def ledger_says(**call: str) -> Topics:
    topics = masked_day().topics
    place = place_of(topics, LEDGER, lambda v: v.get("cdr_id") == "c1")
    return altered(topics, LEDGER, place, {f"call.{name}": text for name, text in call.items()})


@pytest.mark.parametrize(
    "call",
    [
        {"to": "+336123*****"},
        {"to": "+3361235****"},
        {"from": "+3247512****"},
        {"from": "+4247512"},
    ],
)
def test_an_entry_that_hides_more_or_says_another_number_is_found(call: dict[str, str]) -> None:
    assert {"completeness"} == {each.proof for each in differences(ledger_says(**call))}


def suspended(text: str) -> Topics:
    topics = masked_day().topics
    return altered(topics, SUSPENSE, 0, {"cdr": text})


def test_a_suspended_call_that_hides_nothing_or_something_else_is_found() -> None:
    (_, record), *_ = masked_day().topics[SUSPENSE]
    kept = json.loads(record.value or b"")["cdr"]
    whole = kept.replace("+99912345***", "+99912345678")
    wrongs = (whole, kept.replace("+99912345***", "+9991234****"), kept.replace("61", "62"))

    for wrong in wrongs:
        assert kept != wrong
        assert "letters" in {each.proof for each in differences(suspended(wrong))}


def test_a_dead_letter_that_says_something_else_is_found() -> None:
    topics = masked_day().topics
    (_, record), *_ = topics[DEAD]
    kept = b64decode(json.loads(record.value or b"")["value_b64"])
    wrong: dict[str, Any] = {"value_b64": b64encode(kept.replace(b"c4", b"c5")).decode()}

    assert {"letters"} == {each.proof for each in differences(altered(topics, DEAD, 0, wrong))}


def test_who_hides_though_no_settings_say_so_is_found() -> None:
    topics = {
        name: records
        for name, records in masked_day().topics.items()
        if name != catalog.CHARGING_SETTINGS.name
    }

    assert {"completeness", "letters"} == {each.proof for each in differences(topics)}
