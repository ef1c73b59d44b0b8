"""The proofs: an honest log is clean, and one record that lies is found out, whatever its topic."""

import json
from typing import Any

import pytest

from tests.reconcile.honest_worker import DAY_MS, HonestWorker, busy_day
from tests.reconcile.tampering import (
    Topics,
    altered,
    differences,
    place_of,
    replaced,
    verdict_on,
)
from topics import catalog

LEDGER, STATUS = catalog.LEDGER.name, catalog.ACCOUNT_STATUS.name
EVENTS, SUSPENSE = catalog.BALANCE_EVENTS.name, catalog.SUSPENSE.name
DEAD, DECKS = catalog.DEAD.name, catalog.RATE_DECKS.name
CDRS, COMMANDS = catalog.CDR_RAW.name, catalog.ACCOUNT_COMMANDS.name
REQUESTS, TIMERS = catalog.ACCOUNT_REQUESTS.name, catalog.ACCOUNT_TIMERS.name
SOURCES = (CDRS, COMMANDS, REQUESTS, TIMERS)
ACCOUNTS, BATCHES = catalog.ACCOUNTS_CHANGELOG.name, catalog.BATCHES_CHANGELOG.name
LOTS = catalog.LOTS_CHANGELOG.name
CHARGING_TOPICS = (
    LEDGER,
    STATUS,
    EVENTS,
    SUSPENSE,
    DEAD,
    DECKS,
    *SOURCES,
    ACCOUNTS,
    BATCHES,
    LOTS,
)


def test_an_honest_day_is_clean(honest: Topics) -> None:
    verdict = verdict_on(honest)

    assert verdict.differences == []
    assert verdict.is_clean
    assert verdict.unproven == []
    assert verdict.counts["tenants"] == 5


def test_the_honest_day_has_everything_in_it(honest: Topics) -> None:
    """Method: what these tests prove is worth as much as the day they start from."""
    entries = [json.loads(record.value or b"") for _, record in honest[LEDGER]]
    events = {json.loads(record.value or b"")["kind"] for _, record in honest[EVENTS]}
    draws = [draw for entry in entries for draw in entry.get("draws", [])]

    assert {entry["kind"] for entry in entries} == {
        *("charge", "account_opened", "funds_added", "thresholds_set", "adjusted"),
        *("account_closed", "lot_expired", "lot_forfeited", "command_rejected"),
        *("lot_expiry_warned", "auto_recharge_set", "payment_methods_set", "recipients_set"),
        *("spend_limits_set", "spend_limit_tripped", "recharge_resumed"),
    }
    assert len(events) == 15
    limits = {entry["limit"] for entry in entries if entry["kind"] == "spend_limit_tripped"}
    assert limits == {"spend_per_hour", "cost_per_call", "new_destinations"}
    assert any(draw.get("grace") for draw in draws)
    assert any(entry.get("late_after_expiry") for entry in entries)
    assert any(draw.get("source") == "shortfall" for draw in draws)
    assert any(len(entry.get("draws", [])) > 1 for entry in entries)


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_is_clean_whatever_the_size_of_a_batch(size: int) -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 700_000)
    for number in range(20):
        worker.now_ms += 100
        worker.call("acme", f"c{number % 17}")
        worker.call("beta", f"c{number}")
    worker.work(size)

    assert differences(dict(worker.topics)) == []


def test_a_status_that_was_flushed_is_clean() -> None:
    worker = busy_day()
    worker.now_ms += 5_000
    worker.flush()

    assert differences(dict(worker.topics)) == []


def test_compaction_changes_nothing(honest: Topics) -> None:
    compacted = dict(honest)
    for topic in (STATUS, ACCOUNTS):
        last = {record.key: (partition, record) for partition, record in honest[topic]}
        compacted[topic] = sorted(last.values(), key=lambda located: located[1].offset)

    assert differences(compacted) == []


CHARGE = {"kind": "charge", "cdr_id": "c7", "tenant_id": "acme"}
USAGE = {
    "kind": "usage",
    "amount_micros": 125_000,
    "quantity": 60,
    "rate_nanos": 125_000_000,
    "per": 60,
}
FEE = {"kind": "connection_fee", "amount_micros": 1_000, "rate_nanos": 1_000_000}
MANIFEST = {"rows": 11, "band_policy": "split"}
PERMISSION = "state, allowed_call_types, blocked"

HELD = [{"call_type": "international", "reason": "spend_limit"}]

LIES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (LEDGER, CHARGE, {"balance_micros": 1}, "balance_micros"),
    (LEDGER, CHARGE, {"amount_micros": -1}, "balance_micros"),
    (LEDGER, CHARGE, {"seq": 1}, "seq"),
    (LEDGER, CHARGE, {"seq": 40}, "seq"),
    (LEDGER, CHARGE, {"entry_id": "acme/1"}, "entry_id"),
    (LEDGER, CHARGE, {"currency": "EUR"}, "currency"),
    (LEDGER, CHARGE, {"charge_micros": 1}, "draws"),
    (LEDGER, CHARGE, {"draws": []}, "draws"),
    (LEDGER, CHARGE, {"draws": [{"id": "Z", "amount_micros": 125_000}]}, "draws"),
    (LEDGER, CHARGE, {"draws": [{"source": "shortfall", "amount_micros": 125_000}]}, "draws"),
    (LEDGER, CHARGE, {"overdraft_micros": 5}, "overdraft_micros"),
    (LEDGER, CHARGE, {"cdr_id": "c0"}, "cdr_id, version"),
    (LEDGER, CHARGE, {"call.to": "+33612345679"}, "to"),
    (LEDGER, CHARGE, {"call.duration_s": 9_999}, "duration_s"),
    (LEDGER, CHARGE, {"deck_version": 2}, "deck_id, deck_version"),
    (LEDGER, CHARGE, {"deck_id": None}, "deck_id, deck_version, prefix"),
    (LEDGER, CHARGE, {"prefix": "+44"}, "prefix"),
    (LEDGER, CHARGE, {"destination": "Mars"}, "destination"),
    (LEDGER, CHARGE, {"call.ended_ms": 4_000_000_000_000}, "ended_ms"),
    (LEDGER, CHARGE, {"call.from": "+33199999999"}, "from"),
    (LEDGER, CHARGE, {"call.user_id": "eve"}, "user_id"),
    (LEDGER, CHARGE, {"call.call_type": "conf_out"}, "call_type"),
    (LEDGER, CHARGE, {"call.disposition": "busy"}, "disposition"),
    (LEDGER, CHARGE, {"call.usage_country": "AQ"}, "usage_country"),
    (LEDGER, CHARGE, {"lines": []}, "lines"),
    (LEDGER, CHARGE, {"lines": [USAGE | {"amount_micros": 1}]}, "charge_micros"),
    (LEDGER, CHARGE, {"lines": [USAGE | {"quantity": 1}]}, "quantity"),
    (LEDGER, CHARGE, {"lines": [{"kind": "usage", "amount_micros": 125_000}]}, "lines"),
    (LEDGER, CHARGE, {"lines": [USAGE | {"amount_micros": 124_000}, FEE]}, "lines"),
    (LEDGER, CHARGE, {"lines": [FEE | {"amount_micros": 125_000}]}, "lines"),
    (LEDGER, CHARGE, {"source_offset": 9_999}, "source_offset"),
    (LEDGER, CHARGE, {"source_partition": 7}, "source_partition"),
    (LEDGER, CHARGE, {"source_topic": COMMANDS}, "source_topic"),
    (LEDGER, CHARGE, {"outcome": "free"}, "outcomes.rated"),
    (LEDGER, CHARGE, {"late_after_expiry": True}, "late_after_expiry"),
    (LEDGER, CHARGE, {"surprise": 1}, "value"),
    (LEDGER, CHARGE, {"kind": "debit"}, "value"),
    (LEDGER, CHARGE, {"tenant_id": "beta"}, "key"),
    (LEDGER, {"kind": "funds_added"}, {"amount_micros": 1}, "amount_micros"),
    (LEDGER, {"kind": "lot_expired"}, {"lot_id": "B"}, "amount_micros"),
    (LEDGER, {"kind": "lot_expired"}, {"grace_until_ms": 1}, "grace_until_ms"),
    (LEDGER, {"kind": "lot_forfeited"}, {"forfeited_micros": 1}, "forfeited_micros"),
    (LEDGER, {"kind": "adjusted"}, {"reason": "bribe"}, "reason"),
    (LEDGER, {"kind": "account_opened"}, {"decks": ["other"]}, "decks"),
    (LEDGER, {"kind": "command_rejected"}, {"seq": 3}, "entry_id, source_topic, seq, currency, balance_micros"),
    (LEDGER, {"kind": "command_rejected", "lot_id": "W3"}, {"credit_micros": 7}, "credit_micros"),
    (LEDGER, {"kind": "command_rejected", "lot_id": "W3"}, {"lot_id": "W4"}, "lot_id"),
    (LEDGER, {"kind": "command_rejected", "lot_id": "W3"}, {"reason": "lot_exists"}, "more"),
    (LEDGER, {"reason": "role_not_allowed"}, {"lot_id": "W4"}, "lot_id"),
    (LEDGER, {"kind": "lot_expiry_warned"}, {"days": 30}, "days"),
    (LEDGER, {"kind": "lot_expiry_warned"}, {"remaining_micros": 1}, "remaining_micros"),
    (LEDGER, {"kind": "lot_expiry_warned"}, {"lot_id": "Z"}, "lot_id"),
    (LEDGER, {"kind": "auto_recharge_set"}, {"trigger_micros": 7}, "trigger_micros"),
    (LEDGER, {"kind": "auto_recharge_set"}, {"actor": "eve"}, "actor"),
    (LEDGER, {"kind": "payment_methods_set"}, {"methods": []}, "methods"),
    (LEDGER, {"kind": "recipients_set"}, {"emails": 7}, "emails, language, webhook"),
    (LEDGER, {"kind": "spend_limits_set"}, {"cost_per_call_micros": 1}, "cost_per_call_micros"),
    (LEDGER, {"kind": "spend_limit_tripped"}, {"found_micros": 7}, "spend_limit_tripped"),
    (LEDGER, {"kind": "spend_limit_tripped"}, {"denied": ["toll_free"]}, "denied"),
    (LEDGER, {"kind": "spend_limit_tripped", "cdr_id": "w3"}, {"denied": ["toll_free"]}, "denied"),
    (LEDGER, {"kind": "recharge_resumed"}, {"allowed": []}, "allowed"),
    (LEDGER, {"recharge_seq": 3}, {"recharge_seq": 4}, "recharge_seq"),
    (STATUS, {"blocked": HELD}, {"blocked": []}, PERMISSION),
    (STATUS, {"tenant_id": "watch", "blocked": []}, {"funds": []}, "funds, less overdraft_micros"),
    (STATUS, {"tenant_id": "watch"}, {"decks": ["eve"]}, "decks"),
    (STATUS, {"tenant_id": "watch"}, {"time_zone": "Asia/Tokyo"}, "time_zone"),
    (STATUS, {"tenant_id": "watch"}, {"mode": "post_paid"}, "mode"),
    (STATUS, {"tenant_id": "watch"}, {"hours_remaining": 77}, "hours_remaining"),
    (EVENTS, {"threshold_id": "soon"}, {"threshold_h": 3}, "more"),
    (EVENTS, {"threshold_id": "soon"}, {"hours_remaining": 3}, "hours_remaining"),
    (EVENTS, {"kind": "threshold_crossed", "threshold_id": "soon"}, {"label": "another"}, "more"),
    (EVENTS, {"kind": "fraud_suspected"}, {"limit_micros": 3}, "more"),
    (EVENTS, {"kind": "funds_expiring"}, {"days": 3}, "more"),
    (EVENTS, {"kind": "recipients_changed"}, {"language": "en"}, "more"),
    (EVENTS, {"kind": "recipients_changed"}, {"emails": ["eve@example.com"]}, "emails"),
    (EVENTS, {"kind": "recipients_changed"}, {"webhook": "https://eve.example/x"}, "webhook"),
    (REQUESTS, {"type": "set_recipients"}, {"emails": ["eve@example.com"]}, "emails"),
    (REQUESTS, {"type": "set_recipients"}, {"webhook": "https://eve.example/x"}, "webhook"),
    (REQUESTS, {"type": "set_recipients"}, {"language": "de"}, "emails, language, webhook"),
    (EVENTS, {"kind": "payment_methods_changed"}, {"methods": []}, "more"),
    (EVENTS, {"kind": "auto_recharge_changed"}, {"amount_micros": 3}, "more"),
    (STATUS, {}, {"balance_micros": 1}, "currency, balance_micros, overdraft_micros"),
    (STATUS, {}, {"allowed_call_types": []}, PERMISSION),
    (STATUS, {}, {"seq": 9_999}, "seq"),
    (EVENTS, {"kind": "threshold_crossed"}, {"balance_micros": 1}, "balance_micros"),
    (EVENTS, {"kind": "threshold_crossed"}, {"threshold_micros": 77}, "micros"),
    (EVENTS, {"kind": "threshold_crossed", "threshold_id": "low"}, {"kind": "threshold_rearmed"}, "kind"),
    (EVENTS, {"kind": "balance_exhausted"}, {"event_id": "acme/1/exhausted"}, "event_id"),
    (EVENTS, {"kind": "funds_credited"}, {"lot_id": "Z"}, "subject"),
    (EVENTS, {"kind": "credit_refused"}, {"amount_micros": 7}, "micros"),
    (EVENTS, {"kind": "credit_refused"}, {"reason": "lot_exists"}, "more"),
    (EVENTS, {"kind": "credit_refused"}, {"cause_id": "x"}, "cause_id"),
    (EVENTS, {"kind": "credit_refused"}, {"lot_id": "W2"}, "subject"),
    (SUSPENSE, {}, {"reason": "denied"}, "outcomes.suspended.denied"),
    (SUSPENSE, {}, {"cdr": '{"cdr_id":"x"}'}, "cdr"),
    (SUSPENSE, {}, {"source_offset": 9_999}, "source_offset"),
    (SUSPENSE, {"reason": "misrouted"}, {"belongs_to_partition": 7}, "belongs_to_partition"),
    (DEAD, {}, {"value_b64": "AAAA"}, "value_b64"),
    (DEAD, {}, {"reason": "bad_time"}, "outcomes.dead.bad_time"),
    (CDRS, {"cdr_id": "c7"}, {"billsec": 3_000}, "duration_s"),
    (CDRS, {"cdr_id": "c7"}, {"cdr_id": "c777"}, "cdr_id"),
    (CDRS, {"cdr_id": "premium"}, {"to": "+33612345678"}, "cdr"),
    (COMMANDS, {"lot_id": "A"}, {"amount_micros": 1}, "amount_micros"),
    (COMMANDS, {"type": "adjust"}, {"amount_micros": 1}, "amount_micros"),
    (REQUESTS, {"type": "set_thresholds"}, {"thresholds": []}, "thresholds"),
    (COMMANDS, {"type": "open_account"}, {"command_id": "z"}, "command_id"),
    (BATCHES, {"source_topic": CDRS}, {"records": 99}, "records"),
    (BATCHES, {"source_topic": CDRS}, {"next_offset": 1}, "first_offset"),
    (BATCHES, {"source_topic": CDRS}, {"outcomes": {"rated": 7}}, "outcomes.rated"),
    (LEDGER, {"kind": "funds_added"}, {"source_topic": REQUESTS}, "command_id"),
    (BATCHES, {"source_topic": COMMANDS}, {"outcomes": {"duplicate": 7}}, "outcomes.accepted"),
    (BATCHES, {"source_topic": CDRS}, {"ledger": 99}, "ledger"),
    (BATCHES, {"source_topic": CDRS}, {"events": 99}, "events"),
    (BATCHES, {"source_topic": CDRS}, {"ids": 99}, "value"),
    (BATCHES, {"source_topic": CDRS}, {"at_ms": 1}, "at_ms"),
    (BATCHES, {"source_topic": CDRS}, {"partition": 5}, "app, partition, key"),
    (DECKS, MANIFEST, {"currency": "EUR"}, "currency of the deck"),
    (DECKS, MANIFEST, {"valid_from": "2030-01-01T00:00:00Z"}, "deck_version"),
    (DECKS, MANIFEST, {"rows": 3}, "version"),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "which", "lie", "field"), LIES)
def test_a_record_that_lies_is_named(
    honest: Topics, topic: str, which: dict[str, Any], lie: dict[str, Any], field: str
) -> None:
    index = place_of(honest, topic, lambda value: which.items() <= value.items())

    found = differences(altered(honest, topic, index, lie))

    assert field in {difference.field for difference in found}, found


@pytest.mark.parametrize("topic", CHARGING_TOPICS)
@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\x00", b"[]", b"{}", b"null"])
def test_a_value_that_is_no_record_is_a_difference(
    honest: Topics, topic: str, value: bytes | None
) -> None:
    index = len(honest[topic]) - 1

    assert differences(altered(honest, topic, index, value))


@pytest.mark.parametrize("topic", [LEDGER, EVENTS, SUSPENSE, DEAD, *SOURCES, BATCHES, DECKS])
def test_a_record_that_is_gone_is_a_difference(honest: Topics, topic: str) -> None:
    for index in range(0, len(honest[topic]), 9):
        assert differences(replaced(honest, topic, index, [])), honest[topic][index]


@pytest.mark.parametrize("topic", [LEDGER, EVENTS, SUSPENSE, DEAD, BATCHES])
def test_a_record_that_is_there_twice_is_a_difference(honest: Topics, topic: str) -> None:
    for index in range(0, len(honest[topic]), 9):
        partition, record = honest[topic][index]
        again = (partition, record.replaced(offset=100_000))
        topics = {**honest, topic: [*honest[topic], again]}

        assert differences(topics), record


def test_the_last_status_of_a_tenant_may_not_be_gone(honest: Topics) -> None:
    index = place_of(honest, STATUS, lambda value: value["tenant_id"] == "acme", -1)

    found = differences(replaced(honest, STATUS, index, []))

    assert {difference.key for difference in found} == {"acme"}


@pytest.mark.parametrize("tenant", [b"acme", b"watch"])
def test_every_byte_of_a_stored_account_counts(honest: Topics, tenant: bytes) -> None:
    index = next(
        index
        for index in reversed(range(len(honest[ACCOUNTS])))
        if honest[ACCOUNTS][index][1].key == tenant
    )
    value = honest[ACCOUNTS][index][1].value or b""

    unnoticed = [
        at
        for at in range(len(value))
        if not differences(
            altered(honest, ACCOUNTS, index, value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :])
        )
    ]

    assert unnoticed == []


def test_every_byte_of_the_remembered_ids_counts(honest: Topics) -> None:
    index = place_of(honest, BATCHES, lambda value: value["source_topic"] == CDRS, 2)
    value = honest[BATCHES][index][1].value or b""
    head = value.index(b"\n") + 1

    unnoticed = [
        at
        for at in range(head, len(value), 3)
        if not differences(
            altered(honest, BATCHES, index, value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :])
        )
    ]

    assert unnoticed == []


def test_an_account_that_was_removed_is_a_difference(honest: Topics) -> None:
    partition, record = honest[ACCOUNTS][-1]
    tombstone = (partition, record.replaced(offset=100_000, value=None))

    found = differences({**honest, ACCOUNTS: [*honest[ACCOUNTS], tombstone]})

    assert {difference.topic for difference in found} == {ACCOUNTS}


def test_a_record_in_a_wrong_partition_is_a_difference(honest: Topics) -> None:
    for topic in (LEDGER, STATUS, EVENTS, ACCOUNTS):
        partition, record = honest[topic][-1]
        topics = replaced(honest, topic, len(honest[topic]) - 1, [(1 - partition, record)])

        assert "partition" in {difference.field for difference in differences(topics)}


def test_one_lost_entry_is_not_a_hundred_differences(honest: Topics) -> None:
    index = place_of(honest, LEDGER, lambda value: value.get("cdr_id") == "c5")

    found = differences(replaced(honest, LEDGER, index, []))

    assert "seq" in {difference.field for difference in found}
    assert len(found) < 10


def test_one_lost_hold_is_not_a_hundred_differences(honest: Topics) -> None:
    index = place_of(honest, LEDGER, lambda value: value["kind"] == "spend_limit_tripped", 2)

    found = differences(replaced(honest, LEDGER, index, []))

    assert "seq" in {difference.field for difference in found}
    assert len(found) < 10


def test_a_hold_that_was_never_posted_is_named(honest: Topics) -> None:
    """The limit of a command is below what was spent: then something should have been held."""
    lower = {"spend_per_hour_micros": 1_000_000}
    index = place_of(honest, REQUESTS, lambda value: value["type"] == "set_spend_limits")
    topics = altered(honest, REQUESTS, index, lower)
    index = place_of(honest, LEDGER, lambda value: value["kind"] == "spend_limits_set")

    found = differences(altered(topics, LEDGER, index, lower))

    assert any("spend_limit_tripped, spend_per_hour" in str(difference) for difference in found)


def test_what_was_not_processed_is_told_and_is_a_difference_on_demand() -> None:
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    worker.call("acme", "c1")
    topics = dict(worker.topics)

    assert verdict_on(topics, complete=False).is_clean
    assert verdict_on(topics, complete=False).waiting[CDRS] == 1
    assert [difference.topic for difference in differences(topics)] == [CDRS]


def test_what_time_has_deleted_is_no_difference_and_is_told(honest: Topics) -> None:
    starts: dict[tuple[str, int], int] = {}
    kept = dict(honest)
    for topic, start in ((CDRS, 40), (COMMANDS, 4), (EVENTS, 6), (BATCHES, 8)):
        starts |= {(topic, partition): start for partition in (0, 1)}
        kept[topic] = [located for located in honest[topic] if located[1].offset >= start]

    verdict = verdict_on(kept, starts)

    assert verdict.differences == []
    assert any("cdr.raw.v1/0: proven from offset 40" in note for note in verdict.unproven)
    assert any("older manifests are deleted" in note for note in verdict.unproven)


def test_a_lie_is_found_without_its_source_too(honest: Topics) -> None:
    starts = {(topic, partition): 10**6 for topic in SOURCES for partition in (0, 1)}
    kept = {**honest, **{topic: [] for topic in SOURCES}}
    index = place_of(kept, LEDGER, lambda value: value.get("cdr_id") == "c5")

    assert verdict_on(kept, starts).differences == []
    lie = altered(kept, LEDGER, index, {"draws": [{"lot_id": "B", "amount_micros": 125_000}]})
    assert verdict_on(lie, starts).differences


def test_an_empty_cluster_is_clean() -> None:
    assert verdict_on({}).is_clean


def test_a_deck_that_is_not_whole_yet_is_no_difference(honest: Topics) -> None:
    partition, chunk = honest[DECKS][0]
    new = json.dumps({**json.loads(chunk.value or b""), "version": 2}).encode()
    record = chunk.replaced(offset=1_000, key=b"acs/2/chunk-00001", value=new)

    assert differences({**honest, DECKS: [*honest[DECKS], (partition, record)]}) == []


def test_a_deck_version_that_changes_is_a_difference(honest: Topics) -> None:
    partition, chunk = honest[DECKS][0]
    record = chunk.replaced(offset=1_000, value=(chunk.value or b"").replace(b"0.125", b"0.001"))

    found = differences({**honest, DECKS: [*honest[DECKS], (partition, record)]})

    assert "immutable" in found[0].expected


def test_text_and_json_name_every_difference(honest: Topics) -> None:
    index = place_of(honest, LEDGER, lambda value: value.get("cdr_id") == "c5")
    verdict = verdict_on(altered(honest, LEDGER, index, {"balance_micros": 1}))

    (difference,) = verdict.differences
    shown = verdict.as_dict()["differences"][0]
    assert shown["topic"] == LEDGER
    assert shown["key"] == "acme"
    assert shown["found"] == "1"
    assert any(str(difference) in line for line in verdict.lines())


def test_a_day_has_its_days_in_the_index(honest: Topics) -> None:
    times = [record.at_ms for _, record in honest[CDRS]]

    assert max(times) - min(times) > 4 * DAY_MS


def test_a_dead_letter_keeps_64_kib_and_the_digest_of_the_whole() -> None:
    worker = HonestWorker()
    worker.produce(CDRS, b"k" * 70_000, b"x" * 100)
    worker.produce(CDRS, b"acme", b"x" * (5 * 1024 * 1024))
    worker.work()
    topics = dict(worker.topics)
    letters = [json.loads(record.value or b"") for _, record in topics[DEAD]]

    assert differences(topics) == []
    cut = {"key_b64", "key_bytes", "key_sha256"}, {"value_b64", "value_bytes", "value_sha256"}
    for index, letter in enumerate(letters):
        for name in cut[letter["reason"] == "too_long"]:
            other = letter[name] - 1 if name.endswith("bytes") else letter[name][4:] + "abcd"
            assert differences(altered(topics, DEAD, index, {name: other})), name


def test_a_batch_that_is_not_unpacked_is_one_dead_letter_that_names_its_records() -> None:
    worker = HonestWorker()
    worker.produce_unread(CDRS, b"acme", records=300)
    worker.produce(CDRS, b"acme", b"x")
    worker.produce_unread(COMMANDS, b"acme", records=2)
    worker.work()
    topics = dict(worker.topics)

    assert differences(topics) == []
    for index, (_, record) in enumerate(topics[DEAD]):
        letter = json.loads(record.value or b"")
        if letter["reason"] != "not_unpacked":
            assert differences(altered(topics, DEAD, index, {"reason": "not_unpacked"}))
            continue
        last = letter["source_last_offset"]
        assert differences(altered(topics, DEAD, index, {"source_last_offset": last - 1}))
        assert differences(altered(topics, DEAD, index, {"reason": "empty"}))
        assert differences(replaced(topics, DEAD, index, []))
