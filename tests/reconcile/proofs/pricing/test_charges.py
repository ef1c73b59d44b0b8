"""What the reconciler says of the lines of a charge: its fees are those of the deck, and all of them are the charge."""

import json
from datetime import UTC, datetime
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

DECK = b"""prefix,rate,connection_fee,regulatory_fee,surcharge,max_charge,action,destination
33,0.1,0.05,,,,rate,France
334,0.1,0.05,,0.35,,rate,surcharged
335,0.1,0.05,0.02,,,rate,regulated
336,0.1,0.05,,,0.12,rate,capped
337,0.1,,,,,rate,without fees
338,,,,,,free,free
"""
"""What a call of two minutes to each prefix costs: 0.25; 0.60; 0.27; 0.12; 0.20; nothing."""
CALLS = {
    "whole": "+33142685300",
    "surcharged": "+33412345678",
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
        "surcharged": [("usage", 200_000), ("connection_fee", 50_000), ("surcharge", 350_000)],
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
        ("surcharged", 550_000, 50_000),
        ("surcharged", 600_000, None),
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


def test_a_call_dialled_by_what_no_number_is_has_no_price_wherever_it_leads() -> None:
    worker = HonestWorker(decks={"acs": DECK})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "lost", to="449098765432", routing_number="+33142685300")
    worker.call("acme", "short", to="3639", routing_number="+33142685300")
    worker.call("acme", "ported", to="+33712345678", routing_number="+33142685300")
    worker.work()
    topics = dict(worker.topics)

    assert differences(topics) == []
    charged = [json.loads(record.value or b"").get("cdr_id") for _, record in topics[LEDGER.name]]
    assert [cdr_id for cdr_id in charged if cdr_id] == ["short", "ported"]
    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == "ported")
    found = differences(altered(topics, LEDGER.name, index, {"call.to": "33712345678"}))
    assert ("charges", "call.to") in {(each.proof, each.field) for each in found}


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


SHORT = b"""prefix,rate,increment,connection_fee,grace_s,start,end
33,0.6,1/1,0.05,6,,
34,0.6,1/1,0.05,6,00:00,12:00
34,0.6,1/1,0.05,10,12:00,24:00
"""


@pytest.fixture(scope="module")
def short() -> Topics:
    """Give calls of 5 seconds, and of 6: in a grace of 6, and past it."""
    worker = HonestWorker(decks={"acs": SHORT})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for seconds in (5, 6):
        worker.call("acme", f"f{seconds}", to="+33142685300", billsec=seconds)
    worker.call("acme", "s", to="+34911234567", billsec=5)
    worker.call("acme", "help", to="112", billsec=5)
    worker.work()
    return dict(worker.topics)


def test_calls_in_grace_and_past_it_are_clean(short: Topics) -> None:
    index = place_of(short, LEDGER.name, lambda entry: entry.get("cdr_id") == "f5")
    entry = json.loads(short[LEDGER.name][index][1].value or b"")

    assert differences(short) == []
    assert (entry["outcome"], entry["reason"], entry["grace_s"]) == ("free", "grace", 6)
    assert [line["amount_micros"] for line in lines_of(short, "f6")] == [60_000, 50_000]


@pytest.mark.parametrize(
    ("cdr_id", "lie", "field"),
    [
        ("f5", {"grace_s": 7}, "grace_s"),
        ("f5", {"grace_s": None}, "grace_s"),
        ("f5", {"reason": "free_rate"}, "grace_s"),
        ("f5", {"outcome": "rated"}, "reason"),
        ("f6", {"grace_s": 6}, "grace_s"),
        ("f6", {"reason": "grace", "outcome": "free"}, "grace_s"),
        ("f6", {"call": {"duration_s": 5}}, "reason"),
        ("s", {"grace_s": 7}, "grace_s"),
        ("help", {"grace_s": 6}, "grace_s"),
        ("help", {"reason": "grace"}, "reason"),
    ],
)
def test_a_grace_that_no_row_gives_is_found(
    short: Topics, cdr_id: str, lie: dict[str, Any], field: str
) -> None:
    index = place_of(short, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)
    if "call" in lie:
        call = json.loads(short[LEDGER.name][index][1].value or b"")["call"]
        usage = lines_of(short, cdr_id)[0] | {"amount_micros": 50_000, "quantity": 5}
        lie = {"call": call | lie["call"], "charge_micros": 100_000, "amount_micros": -100_000}
        lie["lines"] = [usage, *lines_of(short, cdr_id)[1:]]

    found = differences(altered(short, LEDGER.name, index, lie))

    assert ("charges", field) in {(each.proof, each.field) for each in found}


LEAST = b"""prefix,rate,increment,connection_fee,min_charge,max_charge,surcharge
33,0.6,1/1,0.05,0.25,,
34,0.6,1/1,0.05,0.25,0.25,0.10
"""


@pytest.fixture(scope="module")
def least() -> Topics:
    """Give calls of 10 and of 30 seconds: below a minimum of 0.25, and above."""
    worker = HonestWorker(decks={"acs": LEAST})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for seconds in (10, 30):
        worker.call("acme", f"f{seconds}", to="+33142685300", billsec=seconds)
        worker.call("acme", f"s{seconds}", to="+34911234567", billsec=seconds)
    worker.work()
    return dict(worker.topics)


def test_minimums_are_clean(least: Topics) -> None:
    found = {
        name: [(line["kind"], line["amount_micros"]) for line in lines_of(least, name)]
        for name in ("f10", "f30", "s10", "s30")
    }

    assert differences(least) == []
    assert found == {
        # 10 s of 0.01 and the fee are 0.15, 30 s 0.35; 0.25 and 0.45 with the surcharge.
        "f10": [("usage", 100_000), ("connection_fee", 50_000), ("min_charge", 100_000)],
        "f30": [("usage", 300_000), ("connection_fee", 50_000)],
        "s10": [("usage", 100_000), ("connection_fee", 50_000), ("surcharge", 100_000)],
        "s30": [("usage", 100_000), ("connection_fee", 50_000), ("surcharge", 100_000)],
    }


@pytest.mark.parametrize(
    ("amounts", "price", "field"),
    [
        ((200_000, 50_000, None), 0, "lines"),
        ((110_000, 50_000, 90_000), 250_000_000, "lines"),
        ((100_000, 50_000, 100_000), 240_000_000, "lines"),
        ((100_000, 50_000, None), 0, "charge_micros"),
        ((100_000, 50_000, 100_001), 250_001_000, "charge_micros"),
    ],
)
def test_a_minimum_that_the_deck_does_not_say_is_found(
    least: Topics, amounts: tuple[int, int, int | None], price: int, field: str
) -> None:
    index = place_of(least, LEDGER.name, lambda entry: entry.get("cdr_id") == "f10")
    usage, fee, raised = lines_of(least, "f10")
    lines = [usage | {"amount_micros": amounts[0]}, fee | {"amount_micros": amounts[1]}]
    if amounts[2] is not None:
        lines.append(raised | {"amount_micros": amounts[2], "rate_nanos": price})
    charge = sum(line["amount_micros"] for line in lines)

    lie = {"lines": lines, "charge_micros": charge, "amount_micros": -charge}
    found = differences(altered(least, LEDGER.name, index, lie))

    assert ("charges", field) in {(each.proof, each.field) for each in found}


FLAT = b"""prefix,rate,increment,start,end
33,0.3,60/0,,
34,0.1,60/60,00:00,12:00
34,0.3,60/0,12:00,24:00
35,0.3,60/0,00:00,12:00
35,0.1,60/60,12:00,24:00
"""


@pytest.fixture(scope="module")
def flat() -> Topics:
    """Give calls of ten minutes around noon, and of a second: each at one price, or into its hours."""
    worker = HonestWorker(decks={"acs": FLAT})
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    noon = START_MS - 12 * 3_600_000
    for name, to in (("f", "+33142685300"), ("i", "+34911234567"), ("o", "+351211234567")):
        for seconds in (1, 600):
            ended_ms = noon + 60_000
            worker.call("acme", f"{name}{seconds}", to, billsec=seconds, ended_ms=ended_ms)
    worker.work()
    return dict(worker.topics)


def test_one_price_per_call_is_clean_and_runs_into_nothing(flat: Topics) -> None:
    charged = {
        name: sum(line["amount_micros"] for line in lines_of(flat, name))
        for name in ("f1", "f600", "i600", "o600")
    }

    assert differences(flat) == []
    # i: nine minutes before noon by the minute, then the flat hours, which it does not pay.
    assert charged == {"f1": 300_000, "f600": 300_000, "i600": 900_000, "o600": 300_000}


@pytest.mark.parametrize(
    ("cdr_id", "lie"),
    [
        ("f600", {"quantity": 600, "amount_micros": 3_000_000}),
        ("o600", {"quantity": 600, "amount_micros": 3_000_000}),
    ],
)
def test_one_price_per_call_that_is_charged_by_the_minute_is_found(
    flat: Topics, cdr_id: str, lie: dict[str, int]
) -> None:
    index = place_of(flat, LEDGER.name, lambda entry: entry.get("cdr_id") == cdr_id)
    lines = [lines_of(flat, cdr_id)[0] | lie]
    charge = lie["amount_micros"]
    said = {"lines": lines, "charge_micros": charge, "amount_micros": -charge}

    found = differences(altered(flat, LEDGER.name, index, said))

    assert ("charges", "quantity") in {(each.proof, each.field) for each in found}


DATED = b"""prefix,rate,increment,calendar
33,0.6,1/1,
33,0.3,1/1,holidays
"""


def test_a_call_over_the_midnight_of_a_holiday_is_clean_and_its_spans_are_held() -> None:
    day = datetime.fromtimestamp(START_MS / 1_000, UTC).date()
    midnight_ms = START_MS // 86_400_000 * 86_400_000
    dates = f"calendar,date\nholidays,{day}\n".encode()
    worker = HonestWorker(decks={"acs": DATED}, calendars=dates)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "eve", "+33142685300", billsec=60, ended_ms=midnight_ms + 20_000)
    worker.work()
    topics = dict(worker.topics)
    (usage,) = lines_of(topics, "eve")

    # 40 s before midnight at 0.01, 20 s of the holiday at 0.005.
    assert differences(topics) == []
    assert usage["amount_micros"] == 500_000
    assert [span["seconds"] for span in usage["spans"]] == [40, 20]

    index = place_of(topics, LEDGER.name, lambda entry: entry.get("cdr_id") == "eve")
    usage["spans"][1]["rate_nanos"] = 400_000_000
    found = differences(altered(topics, LEDGER.name, index, {"lines": [usage]}))
    assert ("charges", "spans") in {(each.proof, each.field) for each in found}


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
