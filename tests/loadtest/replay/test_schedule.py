"""When each record is due, what is moved and put behind ids, and which records are meant."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.replay import instants
from loadtest.replay.altering import Altering, IdAffix, TimeShift
from loadtest.replay.faults import ReplayError
from loadtest.replay.heads import Head, head_of
from loadtest.replay.lateness import Lateness
from loadtest.replay.outcome import Outcome, report
from loadtest.replay.reading import Choice, Extent, Routes, measure
from loadtest.replay.schedule import Schedule, Shift, shift_ms
from loadtest.replay.sources import Source
from topics.partitioner import partition_of

NOW_MS = 1_796_000_000_000
ALTERING = Altering((TimeShift(60_000), IdAffix(behind="-2")))
times = st.integers(0, 4_000_000_000_000)


@given(times)
def test_an_instant_that_is_written_is_read_again(at_ms: int) -> None:
    assert instants.read_ms(instants.write(at_ms)) == at_ms


@given(
    st.lists(st.integers(0, 10**9), min_size=1).map(sorted),
    st.sampled_from([None, 0.25, 1.0, 2.0, 60.0]),
    st.booleans(),
)
def test_no_call_ends_after_it_is_sent(
    ends: list[int],
    speed: float | None,
    keeps_weekdays: bool,  # noqa: FBT001
) -> None:
    schedule = Schedule(speed=speed)
    extent = Extent(len(ends), ends[0], ends[-1])
    shift = Shift(shift_ms(schedule, extent, NOW_MS), keeps_weekdays).after(0)
    ahead = [
        end + shift - (NOW_MS + 1_000 * schedule.due_s(index, end - ends[0]))
        for index, end in enumerate(ends)
    ]
    assert max(ahead) <= 1
    if keeps_weekdays:
        assert shift % instants.WEEK_MS == 0
    elif speed != 0.25:
        assert ahead[-1] >= -1


def test_of_a_rate_each_record_is_due_by_its_place() -> None:
    assert [Schedule(rate_per_s=4).due_s(k, 10**6) for k in range(3)] == [0, 0.25, 0.5]


def test_times_are_moved_and_ids_made_new_and_nothing_else_is_touched() -> None:
    cdr = {
        "cdr_id": "c",
        "started_at": "2026-03-01T10:00:00Z",
        "answered_at": None,
        "x": [1.5],
        "leg_of": None,
    }
    found = json.loads(ALTERING.of(json.dumps(cdr).encode(), 1))
    assert found == {**cdr, "cdr_id": "c-2", "started_at": "2026-03-01T10:01:00Z"}


@pytest.mark.parametrize(
    ("cdr", "said"),
    [
        (
            {"cdr_id": "c", "ended_at": "noon"},
            "record 7: ended_at must be an RFC 3339 time, found 'noon'",
        ),
        ({"cdr_id": "c", "ended_at": 5}, "record 7: ended_at must be an RFC 3339 time, found 5"),
        ({"cdr_id": "c" * 128}, "is longer than 128"),
    ],
)
def test_what_cannot_be_altered_is_refused_with_its_number(
    cdr: dict[str, object], said: str
) -> None:
    with pytest.raises(ReplayError) as caught:
        ALTERING.of(json.dumps(cdr).encode(), 7)
    assert said in str(caught.value)


def lines(folder: Path, *ends: int) -> Source:
    path = folder / "cdrs.jsonl"
    rows = [{"tenant_id": "acme", "ended_at": instants.write(end * 1_000)} for end in ends]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return Source(str(path), "jsonl")


def test_a_choice_has_its_records_with_their_numbers_in_the_file(tmp_path: Path) -> None:
    source = lines(tmp_path, 50, 10, 70, 20)
    assert [number for number, _ in Choice(source, 2, 2).records()] == [2, 3]
    assert measure(Choice(source), has_times=True) == Extent(4, 50_000, 70_000)
    assert measure(Choice(source, 2, 2), has_times=True) == Extent(2, 10_000, 70_000)
    with pytest.raises(ReplayError, match="no record is there from number 5 on"):
        measure(Choice(source, 5), has_times=False)


@pytest.mark.parametrize(
    "value", [b"{", b"[]", b'{"tenant_id":1}', b'{"cdr_id":"c"}', b'{"tenant_id":"\xff"}']
)
def test_a_record_without_a_tenant_cannot_be_sent(value: bytes) -> None:
    with pytest.raises(ReplayError, match="record 3: "):
        head_of(value, 3)


def test_a_tenant_goes_to_the_partition_of_its_key() -> None:
    routes, head = Routes(8), Head("acme")
    assert [routes.of(head, 1), routes.of(head, 2)] == 2 * [(partition_of(b"acme", 8), b"acme")]


def outcome(records: int, last: int, *, is_interrupted: bool, late: float = 0.01) -> Outcome:
    lateness = Lateness()
    lateness.add(late, [0.0] * records)
    return Outcome(records, 10, last, 1.0, 3.0, is_interrupted, lateness)


def test_a_replay_that_was_late_says_so() -> None:
    kept = report([outcome(3, 3, is_interrupted=False)])
    assert (kept["records"], kept["records_per_s"], kept["schedule_kept"]) == (3, 2, True)
    assert not report([outcome(3, 3, is_interrupted=False, late=0.2)])["schedule_kept"]


def test_after_an_interrupt_it_goes_on_behind_what_all_processes_have_sent() -> None:
    ended = [outcome(3, 9, is_interrupted=True), outcome(2, 5, is_interrupted=True)]
    assert (report(ended)["last_record"], report(ended)["ended_by"]) == (5, "interrupt")
