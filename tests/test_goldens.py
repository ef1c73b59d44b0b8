"""Bytes of 0.1.0: read as they were, written as they were, and every kind of record and state is among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rater.core.recharge.machine import State
from rater.reconcile.folds import account_state, user_state
from rater.wire.account import state as accounts
from rater.wire.account import user_rows as users
from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode
from rater.wire.plans.plan_records import decode_catalog
from rater.wire.recharge import state as recharges
from rater.wire.recharge.balance_events import decode_event
from rater.wire.recharge.commands import decode_recharge_command, decode_recharge_timer
from rater.wire.recharge.deliveries import decode_mark
from rater.wire.recharge.notifications import decode_notification
from rater.wire.recharge.payment_results import decode_result
from rater.wire.recharge.payments import decode_payment_order
from rater.wire.settings.charging_settings import decode_settings
from tests.goldens import write
from tests.goldens.frozen import FOLDER, READERS, decode, plain, records, states
from topics import catalog
from topics.manifests import IdState, join_manifest, pack_ids, split_manifest, unpack_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from topics.topic import Topic

DECLARED = [topic for topic in catalog.CATALOG if topic.records]
WRITERS: dict[str, Callable[[Any], bytes]] = {
    catalog.ACCOUNTS_CHANGELOG.name: accounts.encode_account,
    catalog.RECHARGES_CHANGELOG.name: recharges.encode_recharge,
    catalog.USERS_CHANGELOG.name: users.encode_user,
}
SERVICES: dict[str, Callable[[bytes], object]] = {
    catalog.CDR_RAW.name: decode_cdr,
    **dict.fromkeys((topic.name for topic in catalog.ACCOUNT_SOURCES), decode_command),
    catalog.BALANCE_EVENTS.name: decode_event,
    catalog.PAYMENT_COMMANDS.name: decode_payment_order,
    catalog.PAYMENT_RESULTS.name: decode_result,
    catalog.NOTIFICATIONS.name: decode_notification,
    catalog.NOTIFIER_SENT.name: decode_mark,
    catalog.RECHARGE_COMMANDS.name: decode_recharge_command,
    catalog.RECHARGE_TIMERS.name: decode_recharge_timer,
    catalog.CHARGING_SETTINGS.name: decode_settings,
    catalog.RATE_PLANS.name: decode_catalog,
}
"""How services read what they are given; what comes of it is a declared record, or a type of the core."""
LAYOUTS = [
    (accounts.decode_account, "account", accounts.LAYOUT),
    (recharges.decode_recharge, "recharge", recharges.LAYOUT),
    (users.decode_user, "users changelog", users.LAYOUT),
]
MANIFEST = FOLDER / "states" / f"{catalog.BATCHES_CHANGELOG.name}.hex"


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_every_kind_of_record_has_a_golden_with_each_of_its_fields(topic: Topic) -> None:
    seen: dict[type, set[str]] = {kind: set() for kind in topic.records}
    for value in records(topic):
        seen[type(decode(topic, value))].update(msgspec.json.decode(value))

    missing = {
        kind.__name__: names
        for kind, found in seen.items()
        if (names := {f.encode_name for f in msgspec.structs.fields(kind)} - found)
    }
    assert {} == missing, "python -m tests.goldens.write, once an example has them"


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_a_golden_record_is_written_as_it_was(topic: Topic) -> None:
    for value in records(topic):
        assert value == encode(decode(topic, value))


@pytest.mark.parametrize("name", SERVICES)
def test_services_read_every_golden_record_as_what_it_is(name: str) -> None:
    topic = catalog.BY_NAME[name]
    for value in records(topic):
        read = SERVICES[name](value)
        assert not isinstance(read, Malformed | str | None), (value, read)
        if isinstance(read, topic.records):
            assert decode(topic, value) == read


def test_every_state_in_a_layout_of_our_own_has_goldens() -> None:
    ours = {topic.name for topic in catalog.CATALOG if topic.internal and not topic.records}

    assert ours == set(READERS) == set(WRITERS)


@pytest.mark.parametrize("name", READERS)
def test_a_golden_state_is_read_and_written_as_it_was(name: str) -> None:
    for value, read in states(name):
        state = READERS[name](value)
        assert read == plain(state)
        assert value == WRITERS[name](state)


def test_a_recharge_of_every_state_is_among_them() -> None:
    found = {read["state"] for _, read in states(catalog.RECHARGES_CHANGELOG.name)}

    assert {state.name for state in State} == found


def test_an_account_in_every_condition_is_among_them() -> None:
    said = [read for _, read in states(catalog.ACCOUNTS_CHANGELOG.name)]

    for each in (said, [read["spending"] for read in said]):
        assert [] == [name for name in each[0] if len({str(read[name]) for read in each}) == 1]


def test_the_reconciler_reads_the_same_accounts() -> None:
    for value, read in states(catalog.ACCOUNTS_CHANGELOG.name):
        _, account = account_state.read_account(value)
        assert read["tenant_id"] == account.tenant_id
        assert read["balance"] == account.balance


def test_the_reconciler_reads_the_same_users() -> None:
    for value, read in states(catalog.USERS_CHANGELOG.name):
        owed, user = user_state.read_user(value)
        assert {**plain(user), "is_owed": owed} == read


def test_a_golden_manifest_is_read_and_written_as_it_was() -> None:
    value = bytes.fromhex(MANIFEST.read_text(encoding="utf-8"))
    _, packed = split_manifest(value)
    ids = unpack_ids(packed)

    assert list(IdState) == [each.state for each in ids]
    assert [(bytes([s]) * 16, 2**32 - s, 2**40 - s, 20_000 + s) for s in IdState] == [
        (each.hash, each.content, each.place, each.day) for each in ids
    ]
    header = value.partition(b"\n")[0]
    assert value == join_manifest(header, pack_ids(ids))


@pytest.mark.parametrize(("read", "what", "known"), LAYOUTS, ids=[what for _, what, _ in LAYOUTS])
def test_a_state_of_another_layout_is_refused_and_both_are_named(
    read: Callable[[bytes], object], what: str, known: int
) -> None:
    for found in (known - 1, known + 1):
        with pytest.raises(ValueError, match=f"{what} layout: must be {known}, found {found}: "):
            read(bytes([found]) + bytes(60))


def test_goldens_are_not_written_again_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(write, "FOLDER", tmp_path)
    path = tmp_path / "any.jsonl"

    def made(text: str) -> None:
        monkeypatch.setattr(write, "texts", lambda: {path: text})

    made("a\n")
    assert 0 == write.main([])
    made("a\nb\n")
    assert 0 == write.main([])
    made("b\n")
    assert 1 == write.main([])
    assert "a\nb\n" == path.read_text()
    assert "any.jsonl: 1 lines are not written any more" in capsys.readouterr().out
    assert 0 == write.main(["--again"])
    assert "b\n" == path.read_text()
