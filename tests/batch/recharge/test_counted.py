"""What recharge counts: over all stories it is what stands in the records that were written."""

from collections import Counter

import pytest

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, TIMERS
from rater.shell.recharge.metrics import HELD, NOTICES
from rater.shell.recharge.outcomes import outcomes_of
from tests.played import played
from tests.recharge_partition import RechargePartition, methods_event, settings_event
from tests.units import NOW
from topics.catalog import NOTIFICATIONS, PAYMENT_COMMANDS
from topics.fields import TEST_CURRENCY


def test_what_holds_recharges_back_is_what_was_told() -> None:
    told: Counter[str] = Counter()
    for notice in played().of(NOTIFICATIONS.name):
        if notice["kind"] == "recharge_capped":
            told[f"{notice['cap']}_cap"] += 1
        elif notice["kind"] == "recharge_paused":
            told[notice["reason"]] += 1
    counted: Counter[str] = Counter()
    for each in played().recharges:
        counted.update(each.held)

    assert told.keys() >= {"count_cap", "no_method", "payment_reversed"}
    assert told == counted
    assert set(told) <= set(HELD)
    assert {each["kind"] for each in played().of(NOTIFICATIONS.name)} <= set(NOTICES)


def test_payments_that_a_charge_made_necessary_have_the_time_of_its_record() -> None:
    asked = sorted(at for each in played().recharges for at in each.asked_ms)
    requested = Counter(
        each["requested_ms"]
        for each in played().of(PAYMENT_COMMANDS.name)
        if each["type"] == "make_payment"
    )

    assert len(asked) > 5
    assert Counter(asked) - requested == Counter()
    assert requested.total() > len(asked)


@pytest.mark.parametrize(("currency", "told"), [("USD", [NOW]), (TEST_CURRENCY, [])])
def test_of_accounts_in_the_currency_of_tests_no_time_is_told(
    currency: str, told: list[int]
) -> None:
    partition = RechargePartition()
    partition.tell(EVENTS, methods_event("acme", "sim:ok", currency=currency))

    terms = {"currency": currency, "cause": "charge", "cause_id": "c1"}
    decision = partition.tell(EVENTS, settings_event("acme", **terms))

    assert len(partition.read(PAYMENT_COMMANDS.name)) == 1
    assert decision.asked_ms == told


def test_whatever_became_of_a_record_is_shown_before_it_happens() -> None:
    seen = {
        (each.source_topic, *name.partition(".")[::2])
        for each in played().recharges
        for name in each.outcomes
    }
    declared = {
        (topic, outcome, reason)
        for topic in (EVENTS, RESULTS, COMMANDS, TIMERS)
        for outcome, reason in outcomes_of(topic)
    }

    assert len(seen) > 10
    assert seen - declared == set()
