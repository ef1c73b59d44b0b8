"""The proofs of recharge: an honest circle is clean, and each tampering is found by the proof that it breaks."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, cast

import pytest

from rater.core.recharge import balance_events as recharge_events
from rater.core.recharge import moves as recharge_moves
from rater.core.recharge import payment_results as recharge_results
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import IN_FLIGHT, TRANSITIONS, Signal, State
from rater.core.recharge.state import Recharge, Started
from rater.reconcile.difference import Difference
from rater.reconcile.reading.log import READ
from tests.reconcile.honest_circle import HOUR_MS, UNIT, HonestCircle, busy_circle
from tests.reconcile.honest_worker import DAY_MS
from tests.reconcile.proofs.account.test_open_suspense import TABLE as OPEN_SUSPENSE
from tests.reconcile.proofs.account.test_user_counts import STATUSES
from tests.reconcile.proofs.account.test_users import USERS
from tests.reconcile.proofs.stream.test_letters_ended import ENDED
from tests.reconcile.tampering import (
    Topics,
    altered,
    differences,
    place_of,
    replaced,
    verdict_on,
)
from tests.reconcile.test_proofs import CHARGING_TOPICS
from topics import catalog
from topics.records.balance import ThresholdCrossed

LEDGER, COMMANDS = catalog.LEDGER.name, catalog.ACCOUNT_COMMANDS.name
REQUESTS = catalog.ACCOUNT_REQUESTS.name
EVENTS, RESULTS = catalog.BALANCE_EVENTS.name, catalog.PAYMENT_RESULTS.name
PAYMENTS, QUARANTINE = catalog.PAYMENT_COMMANDS.name, catalog.PAYMENT_QUARANTINE.name
NOTICES, DEAD = catalog.NOTIFICATIONS.name, catalog.RECHARGE_DEAD.name
STEPS, RESUMES = catalog.RECHARGE_BATCHES.name, catalog.RECHARGE_COMMANDS.name
TIMERS = catalog.RECHARGE_TIMERS.name
RECHARGE_TOPICS = (PAYMENTS, RESULTS, QUARANTINE, NOTICES, DEAD, STEPS, RESUMES, TIMERS)


@pytest.fixture(scope="module")
def circle() -> Topics:
    """Give the topics of a busy circle; they are not to be changed."""
    return dict(busy_circle().topics)


def values(topics: Topics, topic: str) -> list[dict[str, Any]]:
    """Return the records of a topic that are JSON objects."""
    found = []
    for _, record in topics.get(topic, []):
        try:
            found.append(json.loads(record.value or b""))
        except ValueError:
            continue
    return found


def named(found: list[Difference]) -> set[tuple[str, str]]:
    """Return the proof and field of each difference."""
    return {(difference.proof, difference.field) for difference in found}


def is_of(**fields: Any) -> Callable[[dict[str, Any]], bool]:
    """Return what picks the records with these values."""
    return lambda value: fields.items() <= value.items()


def again(topics: Topics, topic: str, index: int, **change: Any) -> Topics:
    """Return the topics with a record once more at the end, with other fields."""
    partition, record = topics[topic][index]
    value = json.dumps({**json.loads(record.value or b""), **change}).encode()
    end = max(other.offset for number, other in topics[topic] if number == partition)
    last = record.replaced(offset=end + 1, value=value if change else record.value)
    return {**topics, topic: [*topics[topic], (partition, last)]}


def test_an_honest_circle_is_clean(circle: Topics) -> None:
    verdict = verdict_on(circle)

    assert verdict.differences == []
    assert verdict.unproven == []
    assert verdict.waiting == {}
    assert verdict.sums["captured", "USD"] == 700 * UNIT
    assert verdict.sums["credited by recharge", "USD"] == 700 * UNIT


def test_the_honest_circle_has_everything_in_it(circle: Topics) -> None:
    """Method: what these tests prove is worth as much as the circle they start from."""
    heard = verdict_on(circle).heard
    told = {notice["kind"] for notice in values(circle, NOTICES)}
    reasons = {each["reason"] for each in values(circle, QUARANTINE)}

    assert {"captured", "captured_late", "duplicate", "declined", "unclear"} <= heard.keys()
    assert {"dead.not_json", "dead.duplicate_field", "resumed", "due"} <= heard.keys()
    assert reasons == {
        *("misrouted", "unknown_command", "currency_mismatch", "amount_mismatch"),
        *("second_capture", "mode_mismatch"),
    }
    assert told >= {
        *("funds_added", "recharge_failed", "recharge_paused", "recharge_capped", "balance_low"),
        *("balance_exhausted", "fraud_suspected"),
    }
    assert any(command["attempt"] > 2 for command in values(circle, PAYMENTS))
    sent = [command["command_id"] for command in values(circle, PAYMENTS)]
    assert len(sent) > len(set(sent))


@pytest.mark.parametrize("marker", [0, 3])
def test_transaction_markers_change_nothing(marker: int) -> None:
    assert differences(dict(busy_circle(marker).topics)) == []


@pytest.mark.parametrize("size", [1, 2, 1_000])
def test_where_a_batch_is_cut_changes_nothing(size: int) -> None:
    """Method: results pile up before recharge takes them, so that one step hears many."""
    circle = HonestCircle()
    circle.join("acme")
    circle.join("beta", mode="target", target_micros=200 * UNIT, amount_micros=None)
    for number in range(9):
        circle.now_ms += 7 * HOUR_MS
        for tenant in ("acme", "beta"):
            circle.spend(tenant, 60 * UNIT)
            command = circle.last(tenant)
            if number % 3 == 1:
                circle.decline(command, "soft")
            circle.capture(command)
            circle.capture(command)
        circle.turn(size)

    assert differences(dict(circle.topics)) == []


def test_every_topic_that_is_read_is_tampered_with_here_or_in_the_tests_of_its_proof() -> None:
    topics = {*RECHARGE_TOPICS, *CHARGING_TOPICS, USERS, STATUSES, OPEN_SUSPENSE, ENDED}
    assert set(READ) == topics - {catalog.RATE_DECKS.name}


@pytest.mark.parametrize("seed", range(30))
def test_whatever_becomes_of_payments_an_honest_circle_is_clean(seed: int) -> None:
    """Method: chance spends, answers, doubts, repeats, resumes and waits; batches are cut anywhere."""
    chance = Random(seed)
    circle = HonestCircle(marker=chance.choice((0, 1, 2)))
    tenants = ("acme", "beta", "gamma")
    for tenant in tenants:
        settings = chance.choice(({}, {"count_cap": 2}, {"money_cap_micros": 120 * UNIT}))
        circle.join(tenant, **settings)
    for _ in range(60):
        circle.now_ms += chance.randrange(1, 3_000_000)
        play_a_move(circle, chance, chance.choice(tenants))
        if chance.random() < 0.6:
            circle.turn(chance.choice((1, 2, 5, 1_000)))
    circle.turn()

    verdict = verdict_on(dict(circle.topics))
    assert but_refused(verdict.differences) == []
    assert verdict.counts["payment commands"] > 3


def but_refused(found: list[Difference]) -> list[Difference]:
    """Leave out what somebody did by hand, which must stay a difference, though every worker was honest.

    The captures that the account refused: the ledger says why. The payments credited again by hand, weeks later.
    """
    by_hand = ("refused the credit: lot_exists", "it is a credited payment's at offset")
    return [each for each in found if not any(mark in str(each) for mark in by_hand)]


def play_a_move(circle: HonestCircle, chance: Random, tenant: str) -> None:
    """Do one thing to a tenant, or to one of its payment commands."""
    sent = [v for v in values(dict(circle.topics), PAYMENTS) if v["tenant_id"] == tenant]
    move = chance.randrange(10)
    command = chance.choice([*sent[-1:], *sent]) if sent else None
    if move <= 2 or command is None:
        circle.spend(tenant, chance.choice((2, 60, 170)) * UNIT)
    elif move <= 4:
        circle.capture(command)
    elif move == 5:
        circle.decline(command, chance.choice(("hard", "soft")))
    elif move == 6:
        doubtful = ({"amount_micros": 7}, {"livemode": True}, {"payment_id": "pi_doubtful"})
        circle.capture(command, **chance.choice(doubtful))
    elif move == 9:
        circle.fund(tenant, circle.payment_of(command), command["amount_micros"])
        if chance.random() < 0.5:
            circle.capture(command)
    elif move == 7:
        circle.wait(chance.choice((1, 20, 200)) * 3_600_000)
    else:
        methods = [{"reference": f"pm_{chance.randrange(9)}"}]
        circle.command(tenant, "resume_recharge")
        circle.command(tenant, "set_payment_methods", methods=methods)
        terms = {"enabled": chance.random() < 0.8, "trigger_micros": 100 * UNIT}
        circle.command(tenant, "set_auto_recharge", amount_micros=50 * UNIT, **terms)


def test_a_platform_without_recharge_has_nothing_to_prove(honest: Topics) -> None:
    verdict = verdict_on(honest)

    assert verdict.is_clean
    assert verdict.heard == {}
    assert not any("captured" in name for name in verdict.counts)


Tamper = Callable[[Topics], Topics]


def credited_twice(topics: Topics) -> Topics:
    """Credit a capture a second time, as another entry."""
    index = place_of(topics, LEDGER, is_of(recharge_seq=1, tenant_id="acme"))
    return again(topics, LEDGER, index, recharge_seq=3, seq=99)


def credited_with_another_amount(topics: Topics) -> Topics:
    """Credit more than was captured."""
    index = place_of(topics, LEDGER, is_of(recharge_seq=1, tenant_id="acme"))
    return altered(topics, LEDGER, index, {"amount_micros": 51 * UNIT})


def not_credited(topics: Topics) -> Topics:
    """Lose the entry of a capture."""
    index = place_of(topics, LEDGER, is_of(recharge_seq=2, tenant_id="acme"))
    return replaced(topics, LEDGER, index, [])


def never_asked_for(topics: Topics) -> Topics:
    """Lose the entry, and the account command that asked for it."""
    topics = not_credited(topics)
    index = place_of(topics, COMMANDS, is_of(recharge_seq=2, tenant_id="acme"))
    return replaced(topics, COMMANDS, index, [])


def credited_under_another_number(topics: Topics) -> Topics:
    """Skip a number."""
    index = place_of(topics, LEDGER, is_of(recharge_seq=2, tenant_id="acme"))
    return altered(topics, LEDGER, index, {"recharge_seq": 4})


def credited_for_another_command(topics: Topics) -> Topics:
    """Name another command in the entry."""
    index = place_of(topics, LEDGER, is_of(recharge_seq=2, tenant_id="acme"))
    return altered(topics, LEDGER, index, {"payment_command_id": "acme/recharge/9/9/9"})


def quarantined_one_credited(topics: Topics) -> Topics:
    """Credit a result that is in quarantine for its amount."""
    wrong = values(topics, QUARANTINE)
    bad = next(each for each in wrong if each["reason"] == "amount_mismatch")
    index = place_of(topics, LEDGER, is_of(recharge_seq=1, tenant_id="gamma"))
    lot = json.loads(topics[LEDGER][index][1].value or b"")["lot"]
    paid = {"lot": {**lot, "lot_id": bad["payment_id"]}, "recharge_seq": 2}
    return again(topics, LEDGER, index, payment_command_id=bad["command_id"], **paid)


def capture_of_nobody(topics: Topics) -> Topics:
    """Lose the result of a capture that was credited."""
    index = place_of(topics, RESULTS, is_of(outcome="succeeded", tenant_id="delta"))
    return replaced(topics, RESULTS, index, [])


def lost_in_quarantine(topics: Topics) -> Topics:
    """Lose a record in quarantine."""
    index = place_of(topics, QUARANTINE, is_of(reason="second_capture"))
    return replaced(topics, QUARANTINE, index, [])


def another_reason(topics: Topics) -> Topics:
    """Give a record in quarantine another reason."""
    index = place_of(topics, QUARANTINE, is_of(reason="second_capture"))
    return altered(topics, QUARANTINE, index, {"reason": "unknown_command"})


def other_words_in_quarantine(topics: Topics) -> Topics:
    """Change the result that a record in quarantine keeps."""
    index = place_of(topics, QUARANTINE, is_of(reason="currency_mismatch"))
    return altered(topics, QUARANTINE, index, {"result": "{}"})


def good_one_in_quarantine(topics: Topics) -> Topics:
    """Put a capture that was credited into quarantine."""
    index = place_of(topics, RESULTS, is_of(outcome="succeeded", tenant_id="gamma"), 2)
    partition, record = topics[RESULTS][index]
    at = place_of(topics, QUARANTINE, is_of(reason="second_capture"))
    place = {"source_offset": record.offset, "result": (record.value or b"").decode()}
    name = {"quarantine_id": f"{RESULTS}/{partition}/{record.offset}", "at_ms": record.at_ms}
    return again(topics, QUARANTINE, at, **place, **name)


def capture_thrown_away(topics: Topics) -> Topics:
    """Call a readable result dead."""
    index = place_of(topics, RESULTS, is_of(outcome="succeeded", tenant_id="beta"))
    _, record = topics[RESULTS][index]
    at = place_of(topics, DEAD, is_of(reason="not_json"))
    place = f"{RESULTS}/{topics[RESULTS][index][0]}/{record.offset}"
    return altered(topics, DEAD, at, {"dead_id": place, "source_offset": record.offset})


def second_in_flight(topics: Topics) -> Topics:
    """Lose the result of a command that was followed by another."""
    index = place_of(topics, RESULTS, is_of(outcome="declined", tenant_id="beta"))
    unknown = {"outcome": "unknown", "decline_class": None, "code": None}
    partition, record = topics[RESULTS][index]
    value = {**json.loads(record.value or b""), **unknown}
    told = {name: each for name, each in value.items() if each is not None}
    changed = record.replaced(value=json.dumps(told).encode())
    return replaced(topics, RESULTS, index, [(partition, changed)])


def another_beside_it(topics: Topics) -> Topics:
    """Send a new command that no step has sent, while the last has no result."""
    index = place_of(topics, PAYMENTS, is_of(tenant_id="acme"), -1)
    command = json.loads(topics[PAYMENTS][index][1].value or b"")
    earlier = command["requested_ms"] - 1
    name = f"acme/recharge/3/{earlier}"
    more = {"recharge_id": name, "command_id": f"{name}/1", "requested_ms": earlier}
    return again(topics, PAYMENTS, index, **more)


def before_the_credit(topics: Topics) -> Topics:
    """Let the command after a capture go out in the step before the credit was heard."""
    second = place_of(topics, PAYMENTS, is_of(tenant_id="acme", attempt=1), 1)
    number, _ = topics[PAYMENTS][second]
    order = [i for i, (n, _) in enumerate(topics[PAYMENTS]) if n == number]
    at = order.index(second)
    steps = [i for i, (n, _) in enumerate(topics[STEPS]) if n == number]
    sizes = [json.loads(topics[STEPS][i][1].value or b"")["events"] for i in steps]
    step = next(i for i in range(len(sizes)) if sum(sizes[: i + 1]) > at)
    earlier = next(i for i in reversed(range(step)) if sizes[i] > 0)
    topics = altered(topics, STEPS, steps[step], {"events": sizes[step] - 1})
    return altered(topics, STEPS, steps[earlier], {"events": sizes[earlier] + 1})


def other_bytes(topics: Topics) -> Topics:
    """Change the words of a command that is sent again."""
    sent = values(topics, PAYMENTS)
    ids = [command["command_id"] for command in sent]
    index = next(i for i in range(len(ids)) if ids[i] in ids[:i])
    return altered(topics, PAYMENTS, index, {"answer_by_ms": 1})


def skipped_attempt(topics: Topics) -> Topics:
    """Count the attempts of a recharge wrong."""
    index = place_of(topics, PAYMENTS, is_of(tenant_id="beta", attempt=2))
    command = json.loads(topics[PAYMENTS][index][1].value or b"")
    name = command["recharge_id"] + "/5"
    return altered(topics, PAYMENTS, index, {"attempt": 5, "command_id": name})


def skipped_recharge(topics: Topics) -> Topics:
    """Give a recharge a number too high."""
    index = place_of(topics, PAYMENTS, is_of(tenant_id="tight", attempt=1), 1)
    command = json.loads(topics[PAYMENTS][index][1].value or b"")
    name = command["recharge_id"].replace("/recharge/2/", "/recharge/5/")
    return altered(topics, PAYMENTS, index, {"recharge_id": name, "command_id": f"{name}/1"})


def with_terms(topics: Topics, terms: dict[str, Any]) -> Topics:
    """Let a tenant have set other terms of auto-recharge, whatever topic says so."""
    ledger = terms.copy()
    for topic, which in (
        (REQUESTS, is_of(type="set_auto_recharge", tenant_id="tight")),
        (EVENTS, is_of(kind="auto_recharge_changed", tenant_id="tight")),
        (LEDGER, is_of(kind="auto_recharge_set", tenant_id="tight")),
    ):
        topics = altered(topics, topic, place_of(topics, topic, which), ledger)
    return topics


def count_cap_passed(topics: Topics) -> Topics:
    """Let the cap have been one a day."""
    return with_terms(topics, {"count_cap": 1})


def money_cap_passed(topics: Topics) -> Topics:
    """Let the cap have been a hundred units."""
    return with_terms(topics, {"money_cap_micros": 100 * UNIT})


def switched_off(topics: Topics) -> Topics:
    """Let auto-recharge have been off."""
    return with_terms(topics, {"enabled": False})


def is_cancel(topics: Topics, reason: str) -> int:
    """Return the place of the first record that takes a payment back for a reason."""
    return place_of(topics, PAYMENTS, is_of(type="cancel_payment", reason=reason))


def taken_back_in_other_words(topics: Topics) -> Topics:
    """Take back another amount than was asked for."""
    return altered(topics, PAYMENTS, is_cancel(topics, "disabled"), {"amount_micros": 1})


def taken_back_for_nothing(topics: Topics) -> Topics:
    """Take a payment back because of what never happened."""
    index = is_cancel(topics, "disabled")
    return altered(topics, PAYMENTS, index, {"reason": "account_closed"})


def asked_for_instead_of_taken_back(topics: Topics) -> Topics:
    """Send the command again where it must be taken back."""
    index = is_cancel(topics, "account_closed")
    partition, record = topics[PAYMENTS][index]
    asked = next(
        json.loads(each.value or b"")
        for _, each in topics[PAYMENTS]
        if each.key == record.key and b"make_payment" in (each.value or b"")
    )
    value = json.dumps(asked).encode()
    return replaced(topics, PAYMENTS, index, [(partition, record.replaced(value=value))])


def not_taken_back(topics: Topics) -> Topics:
    """Let a withdrawal have been heard while a payment that was not taken back was in flight."""
    index = place_of(topics, EVENTS, is_of(kind="payment_methods_changed", tenant_id="acme"), 0)
    return altered(topics, EVENTS, index, {"methods": [{"reference": "pm_another"}]})


def lost_notice(topics: Topics) -> Topics:
    """Lose the notification of an event."""
    return replaced(topics, NOTICES, place_of(topics, NOTICES, is_of(kind="balance_low")), [])


def lost_notice_of_money(topics: Topics) -> Topics:
    """Lose the notification of a credit."""
    return replaced(topics, NOTICES, place_of(topics, NOTICES, is_of(kind="funds_added")), [])


def lost_transition(topics: Topics) -> Topics:
    """Lose the first notification of a transition."""
    which = is_of(kind="recharge_failed", tenant_id="delta")
    return replaced(topics, NOTICES, place_of(topics, NOTICES, which), [])


def told_twice(topics: Topics) -> Topics:
    """Tell a credit twice."""
    return again(topics, NOTICES, place_of(topics, NOTICES, is_of(kind="funds_added")))


def told_of_nothing(topics: Topics) -> Topics:
    """Tell of an event that never was."""
    index = place_of(topics, NOTICES, is_of(kind="balance_exhausted"))
    return again(topics, NOTICES, index, notification_id="tight/99/exhausted")


def told_to_a_stranger(topics: Topics) -> Topics:
    """Tell somebody else."""
    index = place_of(topics, NOTICES, is_of(kind="funds_added"))
    return altered(topics, NOTICES, index, {"emails": ["thief@example.com"]})


def told_another_amount(topics: Topics) -> Topics:
    """Tell of more money than came."""
    index = place_of(topics, NOTICES, is_of(kind="funds_added"))
    return altered(topics, NOTICES, index, {"amount_micros": 1})


def failed_twice(topics: Topics) -> Topics:
    """Tell a second time that one recharge has failed, as the next transition."""
    index = place_of(topics, NOTICES, is_of(kind="recharge_failed", tenant_id="beta"))
    notice = json.loads(topics[NOTICES][index][1].value or b"")
    name = f"beta/failed/{notice['at_ms'] + 1}/2"
    return again(topics, NOTICES, index, notification_id=name, at_ms=notice["at_ms"] + 1)


def a_step_is_gone(topics: Topics) -> Topics:
    """Lose a manifest."""
    index = place_of(topics, STEPS, is_of(source_topic=EVENTS), 2)
    return replaced(topics, STEPS, index, [])


def a_step_is_there_twice(topics: Topics) -> Topics:
    """Repeat a manifest."""
    return again(topics, STEPS, place_of(topics, STEPS, is_of(source_topic=RESULTS), 1))


def a_step_counts_wrong(topics: Topics) -> Topics:
    """Let a step have read more than there is."""
    index = place_of(topics, STEPS, is_of(source_topic=RESULTS), 1)
    return altered(topics, STEPS, index, {"records": 99})


def a_step_hides_a_capture(topics: Topics) -> Topics:
    """Let a step call its capture a duplicate."""
    which = is_of(source_topic=RESULTS, outcomes={"captured": 1})
    index = place_of(topics, STEPS, which)
    return altered(topics, STEPS, index, {"outcomes": {"duplicate": 1}})


def a_dead_letter_is_gone(topics: Topics) -> Topics:
    """Lose a dead letter of recharge."""
    return replaced(topics, DEAD, place_of(topics, DEAD, is_of(source_topic=RESUMES)), [])


TAMPERINGS: list[tuple[Tamper, str, str]] = [
    (credited_twice, "payments", "lot_id"),
    (credited_with_another_amount, "payments", "amount_micros"),
    (not_credited, "payments", "lot_id"),
    (never_asked_for, "payments", "lot_id"),
    (credited_under_another_number, "payments", "recharge_seq"),
    (credited_for_another_command, "payments", "payment_command_id"),
    (quarantined_one_credited, "payments", "lot_id"),
    (capture_of_nobody, "payments", "lot_id"),
    (lost_in_quarantine, "quarantine", "source_offset"),
    (another_reason, "quarantine", "reason"),
    (other_words_in_quarantine, "quarantine", "result"),
    (good_one_in_quarantine, "quarantine", "source_offset"),
    (capture_thrown_away, "quarantine", "reason"),
    (second_in_flight, "in flight", "command_id"),
    (another_beside_it, "in flight", "command_id"),
    (another_beside_it, "recharge batches", "events"),
    (before_the_credit, "in flight", "command_id"),
    (other_bytes, "in flight", "value"),
    (skipped_attempt, "in flight", "attempt"),
    (skipped_recharge, "in flight", "recharge_id"),
    (count_cap_passed, "caps", "count cap"),
    (money_cap_passed, "caps", "money cap"),
    (switched_off, "caps", "enabled"),
    (taken_back_in_other_words, "consent", "amount_micros"),
    (taken_back_for_nothing, "consent", "reason"),
    (asked_for_instead_of_taken_back, "consent", "cancel_payment"),
    (not_taken_back, "consent", "method"),
    (lost_notice, "notifications", "notification_id"),
    (lost_notice_of_money, "notifications", "notification_id"),
    (lost_transition, "notifications", "number"),
    (told_twice, "notifications", "notification_id"),
    (told_of_nothing, "notifications", "notification_id"),
    (told_to_a_stranger, "notifications", "emails, language, webhook"),
    (told_another_amount, "notifications", "amount_micros"),
    (failed_twice, "notifications", "recharge_failed"),
    (a_step_is_gone, "recharge batches", "first_offset"),
    (a_step_is_there_twice, "recharge batches", "first_offset"),
    (a_step_counts_wrong, "recharge batches", "records"),
    (a_step_hides_a_capture, "recharge batches", "outcomes.captured"),
    (a_dead_letter_is_gone, "recharge batches", "outcomes.dead.not_utf8"),
]


@pytest.mark.parametrize(("tamper", "proof", "field"), TAMPERINGS)
def test_what_is_tampered_with_is_found_by_the_proof_that_it_breaks(
    circle: Topics, tamper: Tamper, proof: str, field: str
) -> None:
    found = differences(tamper(circle))

    assert (proof, field) in named(found), found


@pytest.mark.parametrize("tamper", [count_cap_passed, money_cap_passed])
def test_caps_alone_find_that_a_cap_was_passed(circle: Topics, tamper: Tamper) -> None:
    """Method: all that the account says is changed alike, so that charging's proofs have no objection."""
    proofs = {difference.proof for difference in differences(tamper(circle))}

    assert proofs - {"accounts", "remembered", "events", "orders"} == {"caps"}


@pytest.mark.parametrize("topic", RECHARGE_TOPICS)
@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\x00", b"[]", b"{}", b"null"])
def test_a_value_that_is_no_record_is_a_difference(
    circle: Topics, topic: str, value: bytes | None
) -> None:
    index = len(circle[topic]) - 1

    assert differences(altered(circle, topic, index, value))


def last_transitions(topics: Topics) -> set[int]:
    """Return where the last numbered notification of each tenant lies.

    That it is gone cannot always be seen: no later number says so, and perhaps no other topic.
    """
    last: dict[str, int] = {}
    for index, notice in enumerate(values(topics, NOTICES)):
        if notice["kind"].startswith("recharge_") or notice.get("limit") == "recharge_cap":
            last[notice["tenant_id"]] = index
    return set(last.values())


@pytest.mark.parametrize("topic", RECHARGE_TOPICS)
def test_a_record_that_is_gone_is_a_difference(circle: Topics, topic: str) -> None:
    unproven = last_transitions(circle) if topic == NOTICES else set()
    for index in set(range(len(circle[topic]))) - unproven:
        assert differences(replaced(circle, topic, index, [])), circle[topic][index]


@pytest.mark.parametrize("topic", [QUARANTINE, NOTICES, DEAD, STEPS, PAYMENTS])
def test_a_record_that_is_there_twice_is_a_difference(circle: Topics, topic: str) -> None:
    for index in range(len(circle[topic])):
        assert differences(again(circle, topic, index)), circle[topic][index]


def test_what_recharge_has_not_read_yet_is_told_and_is_a_difference_on_demand() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.spend("acme")
    circle.capture(circle.last("acme"))
    topics = dict(circle.topics)

    verdict = verdict_on(topics, complete=False)
    assert verdict.is_clean
    assert verdict.waiting[RESULTS] == 1
    assert verdict.sums["in results not read yet", "USD"] == 50 * UNIT
    assert [(each.proof, each.topic) for each in differences(topics)] == [
        ("recharge batches", RESULTS)
    ]


def test_a_capture_whose_credit_charging_has_not_read_waits() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.spend("acme")
    circle.capture(circle.last("acme"))
    circle.hear()

    verdict = verdict_on(dict(circle.topics), complete=False)

    assert verdict.differences == []
    assert verdict.sums["captured", "USD"] == 50 * UNIT
    assert verdict.sums["captured and not credited yet", "USD"] == 50 * UNIT


@pytest.mark.parametrize("share", [10, 40, 70, 100])
@pytest.mark.parametrize("topic", [EVENTS, COMMANDS, *RECHARGE_TOPICS])
def test_what_time_has_deleted_is_no_difference(circle: Topics, topic: str, share: int) -> None:
    """Method: everything written up to a time is gone from one topic, as retention does it."""
    times = sorted(record.at_ms for _, record in circle[topic])
    until = times[len(times) * share // 100 - 1]
    kept = [located for located in circle[topic] if located[1].at_ms > until]
    starts = {
        (topic, number): 1
        + max(r.offset for n, r in circle[topic] if n == number and r.at_ms <= until)
        for number in (0, 1)
        if any(n == number and r.at_ms <= until for n, r in circle[topic])
    }

    verdict = verdict_on({**circle, topic: kept}, starts, complete=False)

    assert verdict.differences == []
    assert verdict.unproven


def test_the_verdict_tells_the_sums(circle: Topics) -> None:
    lines = list(verdict_on(circle).lines())

    assert ["captured", "700.00", "USD"] in [line.split() for line in lines]
    assert any(line.startswith("what became of what recharge read: captured ") for line in lines)
    assert lines[-1] == "clean: no difference"


def test_a_late_capture_may_pass_a_cap() -> None:
    circle = HonestCircle()
    circle.join("acme", count_cap=1)
    circle.spend("acme")
    first = circle.last("acme")
    circle.decline(first, "soft")
    circle.turn()
    circle.wait(2 * HOUR_MS)
    circle.capture(circle.last("acme"))
    circle.capture(first)
    circle.turn()
    circle.spend("acme", 120 * UNIT)
    circle.wait(DAY_MS)
    circle.capture(circle.last("acme"))
    circle.turn()

    verdict = verdict_on(dict(circle.topics))
    assert verdict.differences == []
    assert verdict.heard["captured_late"] == 1


def a_second_one_at_once(patch: pytest.MonkeyPatch) -> None:
    """Let the engine begin another recharge while one is in flight."""
    for state in IN_FLIGHT:
        patch.setitem(TRANSITIONS[state], Signal.BELOW_TRIGGER, State.REQUESTED)


def no_wait_for_the_credit(patch: pytest.MonkeyPatch) -> None:
    """Let the engine look at the balance again before the money has arrived."""
    patch.setitem(TRANSITIONS[State.CREDITING], Signal.BELOW_TRIGGER, State.REQUESTED)


def no_caps(patch: pytest.MonkeyPatch) -> None:
    """Let the engine forget the caps."""
    patch.setattr(recharge_moves, "find_cap", lambda _: None)


def no_doubt(patch: pytest.MonkeyPatch) -> None:
    """Let the engine credit whatever is told."""
    patch.setattr(recharge_results, "_doubt", lambda *_: None)


def no_doubles_known(patch: pytest.MonkeyPatch) -> None:
    """Let the engine take every success for a new one."""
    patch.setattr(recharge_results, "_doubt", lambda *_: None)
    patch.setattr(Started, "captures", property(lambda _: {}, lambda *_: None))


def other_words_again(patch: pytest.MonkeyPatch) -> None:
    """Let the engine ask for an answer at another time when it sends a command again."""
    honest = RechargeJournal.request

    def request(journal: RechargeJournal, recharge: Recharge) -> None:
        if recharge.attempt is not None:
            recharge.attempt.answer_by_ms = recharge.now_ms + 1
        honest(journal, recharge)

    patch.setattr(RechargeJournal, "request", request)


def silence(patch: pytest.MonkeyPatch) -> None:
    """Let the engine tell nobody that the balance is low."""
    patch.delitem(cast("dict[Any, Any]", recharge_events._HEED), ThresholdCrossed)


@pytest.mark.parametrize(
    ("mistake", "proof"),
    [
        (a_second_one_at_once, "in flight"),
        (no_wait_for_the_credit, "in flight"),
        (no_caps, "caps"),
        (no_doubt, "payments"),
        (no_doubles_known, "payments"),
        (other_words_again, "in flight"),
        (silence, "notifications"),
    ],
)
def test_a_mistake_of_the_engine_is_found(
    monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None], proof: str
) -> None:
    """Method: the same busy circle, with an engine that has the mistake; every topic agrees with it."""
    mistake(monkeypatch)
    circle = busy_circle()

    assert proof in {difference.proof for difference in differences(dict(circle.topics))}
