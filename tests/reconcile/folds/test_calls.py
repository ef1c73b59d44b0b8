"""What the reconciler says where a CDR itself is against what became of it."""

import json
from typing import Any

import pytest

from rater.core.cdr import Cdr
from rater.core.pricing.contradictions import contradicts
from rater.core.times import to_text
from rater.reconcile.folds.calls import contradicts_itself, hold_charge, hold_waiting
from rater.reconcile.folds.plan_versions import PlanVersions, Version
from rater.reconcile.folds.settings_versions import shipped
from rater.reconcile.reading.schemas import decoder_of_record
from rater.reconcile.reading.sources import SourceCdr, read_cdr
from rater.wire.cdrs import decode_cdr
from tests.build import NOW, SETTINGS, cdr_bytes, cdr_fields, opened
from tests.build import call as sent
from tests.plan_build import record
from topics import records as r
from topics.records import FundingChain


def source(**fields: Any) -> SourceCdr:
    found = read_cdr(cdr_bytes(**fields))
    assert found is not None
    return found


def charge(**fields: Any) -> r.Charge:
    """Return the entry of an ordinary call, with other fields."""
    partition = opened(("L1", 1_000_000)).take(sent())
    entry = {**partition.entries()[-1], **fields}
    made: r.Charge = decoder_of_record(r.Charge)(json.dumps(entry).encode())
    return made


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "+1001"},
        {"to": "+330612345678"},
        {"answered_at": to_text(NOW - 600_000), "started_at": to_text(NOW - 600_000)},
        {"disposition": "failed", "answered_at": to_text(NOW - 60_000)},
        {"direction": "in", "service_number_type": "Subscriber"},
    ],
    ids=str,
)
def test_a_price_for_a_call_that_none_is_for_is_a_difference(fields: dict[str, Any]) -> None:
    assert [
        each.field for each in hold_charge(source(**fields), charge(), shipped(), PlanVersions())
    ] == ["outcome"]


def test_an_ordinary_charge_is_right() -> None:
    assert list(hold_charge(source(), charge(), shipped(), PlanVersions())) == []


@pytest.mark.parametrize(
    ("reason", "fields", "is_right"),
    [
        ("unanswered", {"disposition": "busy"}, True),
        ("unanswered", {"disposition": "busy", "answered_at": to_text(NOW - 60_000)}, False),
        ("emergency", {"to": "+1911"}, True),
        ("emergency", {"call_type": "Emergency_out"}, True),
        ("emergency", {}, False),
    ],
)
def test_a_free_call_is_free_for_a_reason_that_it_has(
    reason: str,
    fields: dict[str, Any],
    is_right: bool,  # noqa: FBT001
) -> None:
    free = charge(outcome="free", reason=reason, deck_id=None, deck_version=None, prefix=None)

    assert (list(hold_charge(source(**fields), free, shipped(), PlanVersions())) == []) == is_right


@pytest.mark.parametrize("reason", ["contradictory", "short_number", "impossible_number"])
def test_what_waits_has_the_fault_that_is_said(reason: str) -> None:
    assert [each.field for each in hold_waiting(source(), reason, shipped())] == ["reason"]
    assert list(hold_waiting(source(), "no_rate", shipped())) == []


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({}, True),
        ({"to": "112"}, False),
        ({"to": "+911"}, False),
        ({"call_type": "DR_emergency_out"}, False),
        ({"to": "112", "direction": "in"}, True),
    ],
)
def test_no_emergency_call_waits_because_an_account_is_closed(
    fields: dict[str, Any],
    waits: bool,  # noqa: FBT001
) -> None:
    assert (list(hold_waiting(source(**fields), "account_closed", shipped())) == []) == waits


def known(*told_ms: int) -> PlanVersions:
    """Return catalogs of which the first has a chain for calls into conferences; each was told of at an instant."""
    chains = (FundingChain("Conf_In", ("credits",), "in"),)
    contents = (record(version=1, chains=chains), record(version=2, chains=()))
    found = [Version(n + 1, n, contents[n], at_ms) for n, at_ms in enumerate(told_ms)]
    return PlanVersions(found)


@pytest.mark.parametrize(
    ("plans", "call_type", "may_be_free", "may_cost"),
    [
        (PlanVersions(), "conf_in", True, False),
        (known(0), "CONF_IN", False, True),
        (known(0), "user_in", True, False),
        (known(0), None, True, False),
        (known(0, 0), "conf_in", True, False),
        # The catalog without the chain was told of at the time of the call: either may have been known.
        (known(0, NOW), "conf_in", True, True),
    ],
)
def test_a_chain_that_names_incoming_calls_says_whether_they_are_free(
    plans: PlanVersions,
    call_type: str | None,
    may_be_free: bool,  # noqa: FBT001
    may_cost: bool,  # noqa: FBT001
) -> None:
    named = {} if call_type is None else {"call_type": call_type}
    cdr = source(direction="in", service_number_type="Subscriber", **named)
    free = charge(outcome="free", reason="inbound", deck_id=None, deck_version=None, prefix=None)

    assert (list(hold_charge(cdr, free, shipped(), plans)) == []) == may_be_free
    assert (list(hold_charge(cdr, charge(), shipped(), plans)) == []) == may_cost


@pytest.mark.parametrize("billsec", [0, 1, 5, 6, 94, 95, 100, 105, 106, 1_000, 10_800])
@pytest.mark.parametrize("talked_ms", [0, 5_000, 5_001, 94_999, 105_263, 105_264, 1_052_631, 10**7])
@pytest.mark.parametrize("names_answer", [True, False])
@pytest.mark.parametrize("disposition", ["answered", "failed"])
def test_core_and_reconciler_find_the_same_contradictions(
    billsec: int,
    talked_ms: int,
    names_answer: bool,  # noqa: FBT001
    disposition: str,
) -> None:
    began = to_text(NOW - talked_ms)
    named = {"answered_at": began} if names_answer else {}
    fields = cdr_fields(billsec=billsec, disposition=disposition) | {"started_at": began} | named
    value = json.dumps(fields).encode()
    cdr, read = decode_cdr(value), read_cdr(value)

    assert isinstance(cdr, Cdr)
    assert read is not None
    assert contradicts(cdr, SETTINGS) == contradicts_itself(read, shipped())
