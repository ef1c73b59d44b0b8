"""Balance events as recharge reads them: all that charging can write, and nothing that a state could not hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode
from rater.wire.recharge.balance_events import decode_event
from tests.test_topics import lines, valid
from topics.catalog import BALANCE_EVENTS
from topics.records import PaymentMethod
from topics.records import balance as v
from topics.records.causes import CauseKind

HEAD: tuple[str, str, int, int, str, int, CauseKind, str] = (
    "acme/9/x",
    "acme",
    9,
    1_772_359_267_000,
    "USD",
    -7,
    "charge",
    "c1",
)
FIELDS: dict[type[v.Event], tuple[Any, ...]] = {
    v.ThresholdCrossed: ("low", 5_000_000, None),
    v.ThresholdRearmed: ("low", None, 24),
    v.BalanceExhausted: (),
    v.BalanceRestored: (),
    v.FundsCredited: ("L2", 5_000_000),
    v.CreditRefused: ("pi_1", 5_000_000, "lot_exists", "acme/recharge/1/2/1"),
    v.PaymentReversedEvent: ("pi_1", 5_000_000, "refund", "re_1"),
    v.PaymentRestoredEvent: ("pi_1", 5_000_000, "dispute", "dp_1"),
    v.FundsExpired: ("L2", 5_000_000),
    v.SettingsChanged: (),
    v.AutoRechargeChanged: (True, "target", 1, 24, 2, 3, 4, 5),
    v.PaymentMethodsChanged: ((PaymentMethod("pm_1", "cus_1", "Visa"), PaymentMethod("pm_2")),),
    v.RecipientsChanged: (("a@b.example",), "fr", "https://hooks.example/x"),
    v.RechargeResumedEvent: (),
    v.FundsExpiring: ("L2", 5_000_000, 30, 1_772_359_267_001),
    v.FraudSuspected: ("spend_per_hour", 1, 2, ("international",)),
    v.AccountClosedEvent: (),
    v.AccountReopenedEvent: (),
    v.CreditsOpenedEvent: (),
    v.EntitlementsChanged: (),
    v.BillingModeChanged: (),
    v.CreditLimitReached: ("2026-03", 5_000_000, 5_125_000, 1_775_001_600_000),
    v.PoolUsed: ("2026-12/P/domestic/US", "A plan", 80, 4_800, 6_000),
    v.MonthEnded: ("2026-11",),
}
CROSSED: dict[str, Any] = next(r for r in valid(BALANCE_EVENTS) if r["kind"] == "threshold_crossed")


def read(**changes: object) -> v.Event | Malformed:
    return decode_event(json.dumps({**CROSSED, **changes}).encode())


def test_every_kind_of_event_that_charging_can_write_is_read() -> None:
    assert set(BALANCE_EVENTS.records) == set(FIELDS)


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("hours_remaining", [23, 0, None])
def test_an_event_comes_back_as_it_was_written(
    kind: type[v.Event], hours_remaining: int | None
) -> None:
    event = kind(*HEAD, hours_remaining, *FIELDS[kind])

    found = decode_event(encode(event))

    assert type(found) is kind
    assert event == found


def test_a_field_of_a_newer_worker_is_passed_over() -> None:
    assert read() == read(colour="blue")
    assert isinstance(read(), v.ThresholdCrossed)


def test_recharge_reads_what_the_schema_accepts_and_nothing_it_refuses() -> None:
    for record in valid(BALANCE_EVENTS):
        assert isinstance(decode_event(json.dumps(record).encode()), v.Event)
    for line in lines(BALANCE_EVENTS, "invalid"):
        found = decode_event(json.dumps(line["record"]).encode())
        # A field that a newer charging worker may have added is passed over.
        assert isinstance(found, Malformed) or "not a known field" in line["why"], line


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"at_ms": 2**63 - 1}, "at_ms", Why.OUT_OF_RANGE),
        ({"at_ms": -1}, "at_ms", Why.OUT_OF_RANGE),
        ({"balance_micros": 10**30}, "balance_micros", Why.OUT_OF_RANGE),
        ({"balance_micros": -(10**30)}, "balance_micros", Why.OUT_OF_RANGE),
        ({"balance_micros": 5.0}, "balance_micros", Why.WRONG_TYPE),
        ({"hours_remaining": 2**70}, "hours_remaining", Why.OUT_OF_RANGE),
        ({"threshold_h": 0}, "threshold_h", Why.OUT_OF_RANGE),
        ({"tenant_id": "a/b"}, "tenant_id", Why.UNKNOWN_VALUE),
        ({"currency": "usd"}, "currency", Why.UNKNOWN_VALUE),
        ({"cause_id": "c 1"}, "cause_id", Why.UNKNOWN_VALUE),
        (
            {"kind": "credit_refused", "lot_id": "pi_1", "amount_micros": 5, "reason": "whim"},
            "reason",
            Why.UNKNOWN_VALUE,
        ),
        ({"kind": "balance_lost"}, "kind", Why.UNKNOWN_VALUE),
        (
            {"kind": "payment_methods_changed", "methods": [{"reference": "x" * 256}]},
            "methods[0].reference",
            Why.TOO_LONG,
        ),
        (
            {"kind": "auto_recharge_changed", "enabled": True, "amount_micros": 10**30},
            "amount_micros",
            Why.OUT_OF_RANGE,
        ),
    ],
)
def test_a_fault_names_the_field(changes: dict[str, Any], field: str, reason: Why) -> None:
    found = read(**changes)

    assert isinstance(found, Malformed)
    assert (field, reason) == (found.field, found.reason)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Why.EMPTY),
        (b"", Why.EMPTY),
        (b"{not json", Why.NOT_JSON),
        (b"[" * 60_000, Why.NOT_JSON),
        (json.dumps(CROSSED).encode()[:-1] + b', "seq": 1}', Why.DUPLICATE_FIELD),
    ],
)
def test_what_is_no_event_is_a_value(value: bytes | None, reason: Why) -> None:
    found = decode_event(value)

    assert isinstance(found, Malformed)
    assert reason == found.reason


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    decode_event(value)
