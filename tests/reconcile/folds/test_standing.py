"""Standing: what was given up, and what came before its time, is not held against what the account was later."""

import json

import pytest

from tests.reconcile.honest_worker import DAY_MS, HonestWorker
from tests.reconcile.tampering import altered, differences, place_of

HOUR_MS = 3_600_000
NO_RATE = "+9607000000"


@pytest.mark.parametrize("is_voided", [True, False])
def test_a_call_that_waits_is_given_up_though_the_account_is_closed_before_its_answer(
    is_voided: bool,  # noqa: FBT001
) -> None:
    """Its clock is ahead by an hour."""
    worker = HonestWorker(corrections=True, freecall_after_days=1)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    ahead_ms = worker.now_ms + HOUR_MS
    worker.call("acme", "c1", NO_RATE, ended_ms=ahead_ms)
    worker.work()
    worker.command("acme", "close_account")
    worker.work()
    if is_voided:
        worker.call("acme", "c1", NO_RATE, ended_ms=ahead_ms, kind="void", version=2)
        worker.work()
    worker.pass_time(2 * DAY_MS)
    reason = b'"voided"' if is_voided else b'"freecall"'

    assert any(reason in (each.value or b"") for _, each in worker.topics["ledger.entries.v1"])
    assert differences(dict(worker.topics)) == []


def test_a_closed_account_calls_for_help_and_nobody_else() -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    worker.command("acme", "close_account")
    worker.work()
    worker.now_ms += HOUR_MS
    worker.call("acme", "c1", "112")
    worker.call("acme", "c2")
    worker.call("acme", "c3", call_type="EMERGENCY_OUT")
    worker.work()

    assert differences(dict(worker.topics)) == []
    free = [each.value for _, each in worker.topics["ledger.entries.v1"] if each.value]
    assert [json.loads(each).get("cdr_id") for each in free][-2:] == ["c1", "c3"]
    # Had c1 been a call to Paris, it would have waited.
    topics = dict(worker.topics)
    index = place_of(topics, "ledger.entries.v1", lambda each: each.get("cdr_id") == "c1")
    found = differences(altered(topics, "ledger.entries.v1", index, {"call.to": "+33142685300"}))
    assert any("answered_ms" in str(each) for each in found)


def test_a_call_whose_clock_is_ahead_waits_for_credits_that_were_opened_before_its_answer() -> None:
    worker = HonestWorker()
    worker.command("bare", "open_account")
    worker.work()
    worker.call("bare", "c1", ended_ms=worker.now_ms + HOUR_MS)
    worker.work()
    worker.now_ms += 1_000
    worker.command("bare", "open_credits", currency="USD", decks=["acs"])
    worker.work()

    assert b"no_tenant_capability" in (worker.topics["cdr.suspense.v1"][0][1].value or b"")
    assert differences(dict(worker.topics)) == []
