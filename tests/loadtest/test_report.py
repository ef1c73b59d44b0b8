"""The report: what it says of a run, and how it explains a charge."""

from typing import Any

from loadtest import report
from loadtest.money import micros_text, nanos_text

MONEY = {"tenant_id": "acme", "currency": "USD"}
LOTS = [
    MONEY
    | {
        "kind": "funds_added",
        "amount_micros": amount,
        "balance_micros": balance,
        "lot": {"lot_id": lot, "remaining_micros": amount},
    }
    for lot, amount, balance in (("L1", 20_000, 20_000), ("L2", 5_000_000, 5_020_000))
]
CALL: dict[str, Any] = MONEY | {
    "kind": "charge",
    "entry_id": "acme/4",
    "seq": 4,
    "source_topic": "cdr.raw.v1",
    "source_partition": 3,
    "source_offset": 17,
    "cdr_id": "sw7-000123",
    "outcome": "rated",
    "call": {
        "direction": "out",
        "to": "+34600111222",
        "answered_ms": 1_770_000_000_000,
        "duration_s": 61,
    },
    "deck_id": "sample",
    "deck_version": 2,
    "prefix": "346",
    "destination": "Spain mobile",
    "lines": [
        {
            "kind": "usage",
            "amount_micros": 66_000,
            "quantity": 66,
            "rate_nanos": 60_000_000,
            "per": 60,
        },
        {"kind": "connection_fee", "amount_micros": 1_000, "rate_nanos": 1_000_000},
    ],
    "charge_micros": 67_000,
    "draws": [
        {"id": "L1", "amount_micros": 20_000},
        {"id": "L2", "amount_micros": 47_000},
    ],
    "amount_micros": -67_000,
    "balance_micros": 4_953_000,
}


def findings(*entries: dict[str, Any]) -> report.Findings:
    found = report.Findings()
    for entry in entries:
        found.post(entry)
    return found


def test_a_charge_is_explained_from_the_call_to_the_new_balance() -> None:
    text = "\n".join(report.lines(findings(*LOTS, CALL)))

    for line in (
        "call     sw7-000123 of acme, to +34600111222, 61 s, answered 2026-02-02 02:40:00 UTC",
        "price    deck sample version 2, prefix 346: Spain mobile",
        "span     61 s -> 66 s billed x 0.06 per 60 s = 0.066",
        "fee      connection 0.001",
        "charge   0.067 USD (exact)",
        "draw     0.02 from L1: 0.02 -> 0.00",
        "draw     0.047 from L2: 5.00 -> 4.953",
        "balance  5.02 -> 4.953 USD",
        "entry    acme/4, number 4 of the account, from cdr.raw.v1/3 offset 17",
    ):
        assert line in text


def test_what_pools_pay_of_a_charge_is_explained() -> None:
    pool = {"source": "pool", "id": "2026-02/P/domestic/ES", "quantity": 60}
    usage = CALL["lines"][0] | {"amount_micros": 6_000, "quantity": 6}
    paid = {"kind": "pool", "amount_micros": 0, "quantity": 60, "per": 60}
    call = CALL | {
        "lines": [usage, paid],
        "charge_micros": 6_000,
        "draws": [pool, {"id": "L1", "amount_micros": 6_000}],
        "amount_micros": -6_000,
        "balance_micros": 5_014_000,
    }

    text = "\n".join(report.lines(findings(*LOTS, call)))

    for line in (
        "span     1 s -> 6 s billed x 0.06 per 60 s = 0.006",
        "charge   0.006 USD (exact)",
        "pool     60 s of 2026-02/P/domestic/ES",
        "draw     0.006 from L1: 0.02 -> 0.014",
    ):
        assert line in text
    assert (
        "pools                1   calls of which plans paid 60 s, before money; most of all:"
        in text
    )
    assert f"  acme: {pool['id']:<40} {60:>9,} s" in text


def test_where_no_pool_paid_none_is_told() -> None:
    assert "pools" not in "\n".join(report.lines(findings(*LOTS, CALL)))


def test_what_is_owed_and_what_nobody_pays_is_explained() -> None:
    draws = [
        {"id": "L1", "amount_micros": 20_000},
        {"source": "post_paid", "id": "2026-02", "amount_micros": 40_000},
        {"source": "waived", "amount_micros": 7_000},
    ]

    text = "\n".join(report.lines(findings(*LOTS, CALL | {"draws": draws})))

    assert "owed     0.04 of 2026-02, to be paid later" in text
    assert "waived   0.007 that nobody pays" in text


def test_credit_that_was_given_users_and_who_pays_later_have_a_line_each() -> None:
    given = LOTS[0]["lot"] | {"category": "promotional", "granted_micros": 20_000}  # type: ignore[operator]
    said = MONEY | {"kind": "billing_state_changed", "amount_micros": 0, "balance_micros": 0}
    owing = [
        {"id": "L1", "amount_micros": 12_000},
        {"source": "post_paid", "id": "2026-02", "amount_micros": 54_000},
        {"source": "waived", "amount_micros": 1_000},
    ]
    found = findings(
        LOTS[0] | {"lot": given}, CALL | {"draws": owing}, said | {"state": "limit_reached"}
    )
    limit, none = [
        [{"call_type": each, "reason": reason} for each in ("international", "overage")]
        for reason in ("user_spend_limit", "restricted")
    ]
    found.users = {
        ("acme", name): {"blocked": blocked}
        for name, blocked in (("ann", limit), ("bob", none), ("cy", limit), ("dan", []))
    }
    found.counts_of_users = {("acme", "ann"): {"spent": {"2026-01": 5_000, "2026-02": 66_000}}}

    text = "\n".join(report.lines(found))

    for line in (
        "promotional          1   lots of promotional credit, 0.02 given, 0.008 of it left",
        "users                4   spent 0.071, and 0.001 that nobody pays; 2 at their limit, ",
        " 1 restricted, 0 without a licence to spend",
        "post-paid            1   accounts owe 0.054 of 2026-02; 1 at their credit limit, 0 prepaid again",
    ):
        assert line in text


def test_where_nobody_was_given_credit_or_pays_later_and_there_are_no_users_none_is_told() -> None:
    text = "\n".join(report.lines(findings(*LOTS, CALL)))

    assert not any(word in text for word in ("promotional", "users", "post-paid"))


def test_a_rounded_charge_says_from_what_it_was_rounded() -> None:
    rounded = CALL | {"charge_micros": 67_001, "amount_micros": -67_001}

    text = "\n".join(report.lines(findings(*LOTS, rounded)))

    assert "charge   0.067001 USD (rounded once, from 0.067)" in text


def test_a_charge_no_lot_covers_names_the_debt() -> None:
    unpaid = CALL | {"draws": [{"source": "shortfall", "amount_micros": 67_000}]}

    assert "debt     0.067 that no lot covers" in "\n".join(report.lines(findings(unpaid)))


def test_accounts_are_shown_by_what_they_spent_with_the_rest_of_each_lot() -> None:
    text = "\n".join(report.lines(findings(*LOTS, CALL)))

    assert "acme: 1 calls, spent 0.067, balance 4.953" in text
    assert "L2                              4.953 left" in text


def test_a_run_without_a_priced_call_says_so() -> None:
    assert "no call was priced" in report.lines(findings())


def test_money_is_written_with_two_decimals_and_more_where_there_are_more() -> None:
    shown = [micros_text(n) for n in (0, -1_250_000, 67_000, 1_234_567_000_001)]

    assert shown == ["0.00", "-1.25", "0.067", "1,234,567.000001"]
    assert nanos_text(16_500_000) == "0.0165"
