"""Tables: states per partition, and up to where they are applied."""

from __future__ import annotations

import pytest

from rater.shell.stream.tables import BytesState, PartitionStates, StateNotOwnedError


def states(*partitions: int) -> PartitionStates[BytesState]:
    made: PartitionStates[BytesState] = PartitionStates("accounts", BytesState)
    made.own(partitions)
    return made


def test_a_key_has_its_last_value_and_none_deletes_it() -> None:
    state = BytesState()

    state.load([(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"b", None), (b"c", None)])

    assert state == {b"a": b"3"}


def test_a_changelog_record_without_key_is_refused() -> None:
    with pytest.raises(ValueError, match="without a key, value b'x'"):
        BytesState().load([(None, b"x")])


def test_the_state_of_a_partition_of_somebody_else_is_refused() -> None:
    with pytest.raises(StateNotOwnedError, match=r"accounts: partition 2 .* \[0, 1\] are"):
        states(0, 1).state(2)


def test_a_partition_that_comes_back_keeps_its_state_and_the_others_are_dropped() -> None:
    table = states(0, 1)
    table.load(0, [(b"a", b"1")], 5)
    table.load(1, [(b"b", b"1")], 6)

    table.own([1, 2])

    assert table.partitions() == [1, 2]
    assert table.state(1) == {b"b": b"1"}
    assert table.next_offset(1) == 6
    assert table.next_offset(2) is None


def test_a_partition_that_was_away_is_read_from_the_beginning() -> None:
    table = states(0)
    table.load(0, [(b"a", b"1")], 5)

    table.own([])
    table.own([0])

    assert table.state(0) == {}
    assert table.next_offset(0) is None


def test_transaction_markers_move_the_offset_without_touching_the_state() -> None:
    table = states(0)

    table.load(0, [], 4)

    assert table.next_offset(0) == 4
    assert table.state(0) == {}


def test_what_a_step_wrote_is_not_read_again() -> None:
    table = states(0)
    table.load(0, [], 4)

    table.note_written(0, 7)

    assert table.next_offset(0) == 8


def test_the_changelog_never_goes_back() -> None:
    table = states(0)
    table.load(0, [], 4)

    with pytest.raises(AssertionError, match="back from 4 to 3"):
        table.load(0, [], 3)
    with pytest.raises(AssertionError, match="wrote 3, though 4 comes next"):
        table.note_written(0, 3)


def test_a_state_can_be_read_anew() -> None:
    table = states(0)
    table.load(0, [(b"a", b"1")], 5)

    table.reset(0)

    assert table.state(0) == {}
    assert table.next_offset(0) is None
