"""An operator's word: what is too old, or comes from the future, is charged by it once, if nothing is known of it."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rater.batch.charging import open_suspense
from tests.batch.charging.test_open_suspense import (
    NOWHERE,
    correction,
    partition_of,
    restarted,
    row,
    rows,
    waits,
)
from tests.batch.charging.test_recycling import charges, drop, mend, reasons, release
from tests.build import DAY, HOUR, NOW, UNIT, Partition, Sent, call, command, opened, opening
from tests.test_properties import FEW
from topics.manifests import IdState, unpack_ids

OLD = NOW - 30 * DAY
LATER = NOW + HOUR
AHEAD = NOW + 2 * DAY


def old(at_ms: int = NOW, **changes: Any) -> Sent:
    return call(at_ms, **{"ended_ms": OLD, **changes})


def word(command_id: str = "w1", at_ms: int = LATER, **changes: Any) -> Sent:
    return release(command_id, at_ms, **{"seen_ms": at_ms - HOUR, **changes})


def kept(partition: Partition) -> list[tuple[str, bool]]:
    said = [json.loads(each) for each in partition.suspense]
    return [(each["reason"], each.get("kept", False)) for each in said]


def details(partition: Partition) -> list[str]:
    return [e["detail"] for e in partition.entries() if e["kind"] == "command_rejected"]


def test_a_call_that_is_too_old_is_kept_and_charged_by_a_word_once() -> None:
    partition = partition_of().take(old())
    assert kept(partition) == [("too_old", True)]
    assert row(partition).never_free
    partition.take(word(), word("w2"))

    (entry,) = charges(partition)
    assert (entry["charge_micros"], entry["at_ms"]) == (125_000, LATER)
    assert entry["waited"]["reason"] == "too_old"
    assert (entry["waited"]["by"], entry["waited"]["why"]) == (
        "ann@acme.example",
        "the deck is mended",
    )
    assert reasons(partition) == ["not_waiting"]
    assert rows(partition) == {}
    assert partition.account().balance == 50 * UNIT - 125_000


def test_it_is_remembered_from_then_on_though_it_ended_before_the_window() -> None:
    partition = partition_of().take(old()).take(word())
    ids = {each.state: each for each in unpack_ids(partition.last.ids.tobytes())}
    assert ids[IdState.CHARGED].day == LATER // DAY

    restarted(partition).take(old(LATER + DAY), old(LATER + 3 * DAY, billsec=59))
    assert partition.outcomes["duplicate"] == 1
    assert kept(partition)[1:] == [("conflict", False)]


def test_a_copy_that_comes_after_that_waits_and_is_not_charged_again() -> None:
    partition = partition_of().take(old()).take(word())
    later = LATER + 20 * DAY
    partition.take(old(later))
    assert kept(partition) == [("too_old", True), ("too_old", True)]

    # Whoever asks has read the ledger, and does not ask; the one here has read it before the charge.
    place = f"cdr.raw.v1/0/{row(partition).source_offset}"
    partition.take(word("w2", later, suspense_id=place, seen_ms=NOW))
    assert len(charges(partition)) == 1
    assert "the ledger must be read up to" in details(partition)[-1]


def test_without_a_word_nothing_is_charged() -> None:
    partition = partition_of().take(old()).take(release())

    assert charges(partition) == []
    assert reasons(partition) == ["still_waits"]
    assert row(partition).reason == "too_old"
    assert "an operator has to say so" in details(partition)[0]


@pytest.mark.parametrize("seen_ms", [0, LATER - 7 * DAY, LATER + 2 * DAY])
def test_the_ledger_must_have_been_read_lately(seen_ms: int) -> None:
    partition = partition_of().take(old()).take(word(seen_ms=seen_ms))

    assert charges(partition) == []
    assert row(partition).reason == "too_old"


def test_what_could_have_been_charged_a_little_ago_asks_for_a_later_reading() -> None:
    """It left the window two days ago: what was charged of it before that may be forgotten by now."""
    ended_ms = NOW - 9 * DAY
    partition = partition_of().take(old(ended_ms=ended_ms)).take(word(seen_ms=NOW - DAY))
    assert charges(partition) == []

    partition.take(word("w2", LATER + DAY, seen_ms=NOW + DAY))
    assert len(charges(partition)) == 1


def test_a_call_of_the_future_waits_until_its_end_has_come() -> None:
    partition = partition_of().take(call(ended_ms=AHEAD))
    assert kept(partition) == [("in_future", True)]
    partition.take(word())
    assert charges(partition) == []
    assert "is in the future still" in details(partition)[0]

    partition.take(word("w2", AHEAD))
    (entry,) = charges(partition)
    assert (entry["waited"]["reason"], entry["call"]["ended_ms"]) == ("in_future", AHEAD)


def test_a_call_of_the_future_that_came_again_in_its_time_is_not_charged_twice() -> None:
    partition = partition_of().take(call(ended_ms=AHEAD), call(AHEAD, ended_ms=AHEAD))
    partition.take(word(at_ms=AHEAD))
    assert len(charges(partition)) == 1
    assert "it is remembered" in details(partition)[0]

    # After the window the ledger is asked; a reading from before that time says too little.
    partition.take(call(AHEAD + 20 * DAY, cdr_id="other"))
    partition.take(word("w2", AHEAD + 20 * DAY, seen_ms=AHEAD))
    assert len(charges(partition)) == 2
    partition.take(drop("d", AHEAD + 20 * DAY))
    assert rows(partition) == {}


def test_what_waits_for_a_price_takes_the_place_of_what_waits_for_a_word() -> None:
    partition = partition_of().take(waits(ended_ms=AHEAD), waits(AHEAD, ended_ms=AHEAD))

    assert kept(partition) == [("in_future", True), ("no_rate", True)]
    assert row(partition).reason == "no_rate"
    assert partition.shard.suspense.words.calls["acme"] == 0
    mend(partition).take(release(at_ms=AHEAD, suspense_id="cdr.raw.v1/0/1"))
    assert len(charges(partition)) == 1
    assert rows(partition) == {}


def test_what_waits_for_a_word_takes_the_place_of_nothing_else() -> None:
    partition = partition_of(days=90).take(waits())
    later = NOW + 20 * DAY
    partition.take(waits(later, ended_ms=NOW), correction(2, later, ended_ms=NOW))

    assert kept(partition) == [("no_rate", True), ("too_old", False), ("too_old", False)]
    assert row(partition).version == 1


def test_of_what_is_too_old_the_highest_version_waits() -> None:
    partition = partition_of().take(old(), old(kind="correction", version=2, billsec=120), old())

    assert kept(partition) == [("too_old", True), ("too_old", True), ("too_old", False)]
    partition.take(word(version=2, suspense_id="cdr.raw.v1/0/1"))
    assert [(e["version"], e["charge_micros"]) for e in charges(partition)] == [(2, 250_000)]
    partition.take(old(LATER + 1))
    assert partition.outcomes["superseded"] == 1


def test_what_has_no_price_waits_for_another_word() -> None:
    partition = partition_of().take(old(to=NOWHERE)).take(word())

    assert reasons(partition) == ["still_waits"]
    assert row(partition).reason == "too_old"
    assert "no_rate" in details(partition)[0]
    mend(partition).take(release("r1"), word("w2"))
    assert [each["waited"]["reason"] for each in charges(partition)] == ["too_old"]


def test_a_call_without_an_account_waits_on() -> None:
    partition = Partition().take(old()).take(word())
    assert reasons(partition) == ["unknown_tenant"]

    partition.take(command(opening(), LATER), word("w2"))
    assert len(charges(partition)) == 1


def test_what_is_dropped_is_gone() -> None:
    partition = partition_of().take(old()).take(drop())

    (entry,) = [each for each in partition.entries() if each["kind"] == "call_dropped"]
    assert entry["waited"]["reason"] == "too_old"
    assert rows(partition) == {}


def test_those_that_wait_for_a_word_have_narrower_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_suspense, "WORD_CALLS_MAX", 2)
    partition = partition_of().take(*[old(cdr_id=f"c{n}") for n in range(3)])
    partition.take(old(cdr_id="c3"), waits(cdr_id="c4"))

    assert [is_kept for _, is_kept in kept(partition)] == [True, True, False, False, True]
    assert partition.last.beyond == {}
    place = "cdr.raw.v1/0/0"
    partition.take(word(cdr_id="c0", suspense_id=place), old(cdr_id="c5"))
    assert restarted(partition).shard.suspense.words.calls == {"acme": 2}


def test_those_that_wait_for_a_word_have_narrower_bounds_of_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_suspense, "WORD_BYTES_MAX", 1_000)
    partition = partition_of().take(*[old(cdr_id=f"c{n}") for n in range(3)], waits())

    assert [is_kept for _, is_kept in kept(partition)].count(True) < 4
    assert kept(partition)[-1] == ("no_rate", True)
    assert partition.shard.suspense.words.bytes_used <= 1_000


def test_what_only_its_key_leads_astray_is_charged_under_its_right_one() -> None:
    partition = opened(("L1", 50 * UNIT))
    right = call()
    partition.take(Sent(right.topic, b"bolt", right.value, right.at_ms))
    assert kept(partition) == [("misrouted", False)]

    partition.take(right, right)
    assert len(charges(partition)) == 1
    assert partition.outcomes["duplicate"] == 1


class Operator:
    """Somebody who reads the ledger, and whose orders come whenever they come."""

    def __init__(self, ended_ms: int) -> None:
        self.partition = partition_of()
        self.ended_ms = ended_ms
        self.now_ms = NOW
        self.orders: list[dict[str, Any]] = []

    def act(self, action: str) -> None:
        """Do one thing of ACTIONS."""
        if action == "copy":
            self.partition.take(call(self.now_ms, ended_ms=self.ended_ms))
        elif action == "send":
            self.partition.take(*[word(at_ms=self.now_ms, **each) for each in self.orders])
        elif action == "read":
            self._read()
        else:
            self.now_ms += int(action) * HOUR
            self.partition.take(call(self.now_ms, cdr_id=f"other{self.now_ms}"))

    def _read(self) -> None:
        """Read what waits, then the ledger; order what is not on it, as the command does."""
        entries = self.partition.entries()
        is_charged = any(each["kind"] == "charge" and each["cdr_id"] == "c1" for each in entries)
        waiting = rows(self.partition).get(b"acme/c1")
        if waiting is None or is_charged:
            return
        seen_ms = max(each["at_ms"] for each in entries) // DAY * DAY
        place = f"cdr.raw.v1/0/{waiting.source_offset}"
        named = {"suspense_id": place, "seen_ms": seen_ms}
        self.orders.append({"command_id": f"w{len(self.orders)}", **named})


ACTIONS = ("copy", "read", "send", "1", "23", "24", "60", "200")
"""Numbers are hours that pass, with another call in the end."""


@FEW
@given(
    st.integers(-12 * 24, 4 * 24).map(lambda hours: NOW + hours * HOUR),
    st.lists(st.sampled_from(ACTIONS), max_size=14),
)
@example(
    # Charged in its time, forgotten a week after it, though the ledger was read before that a day within the window.
    NOW + 38 * HOUR,
    ["1", "200", "23", "read", "copy", "1", "60", "23", "1", "24", "copy"],
)
def test_whatever_comes_when_a_call_is_charged_once_at_most(
    ended_ms: int, actions: list[str]
) -> None:
    operator = Operator(ended_ms)
    for action in ("copy", "read", *actions, "read", "send"):
        operator.act(action)

    charged = [each for each in charges(operator.partition) if each["cdr_id"] == "c1"]
    assert len(charged) <= 1
