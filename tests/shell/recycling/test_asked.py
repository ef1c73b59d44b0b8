"""What the ledger says of calls that wait for an operator's word."""

import pytest

from rater.shell.recycling.asked import Asked
from rater.shell.recycling.desk import Desk
from rater.shell.recycling.selection import Selection, Waits
from rater.wire.account.entries import decode_entry
from rater.wire.lines import Line
from tests.batch.charging.test_open_suspense import partition_of
from tests.batch.charging.test_word import OLD, old
from tests.build import DAY, HOUR, NOW, Partition, call
from tests.shell.recycler.test_recycler import desk_of

NAME = "acme", "c1"


def waits(partition: Partition) -> Waits:
    desk: Desk = desk_of(partition)
    (found,) = desk.of(Selection())
    return found


def asked(
    partition: Partition,
    first_offset: int = 0,
    wanted: str = "c1",
    begins: int | None = None,
    written_ms: int = 0,
) -> Asked:
    """Return what is found where a ledger has entries from an offset on, and begins there or earlier."""
    found = Asked(1, {("acme", wanted)})
    for offset, value in enumerate(partition.ledger):
        if offset >= first_offset:
            entry = decode_entry(value)
            assert not isinstance(entry, str), entry
            line = Line("ledger.entries.v1", 0, offset, written_ms, b"acme", value)
            found.take(line, entry, first_offset if begins is None else begins)
    return found


def test_what_the_ledger_has_nothing_of_is_asked_for_with_the_time_it_was_read_to() -> None:
    partition = partition_of().take(old(), call(NOW + HOUR, cdr_id="other"))

    judged = asked(partition).judge(waits(partition))
    assert isinstance(judged, Waits)
    assert judged.seen_ms == NOW + HOUR


def test_what_the_ledger_has_stays() -> None:
    partition = partition_of().take(old(), call(cdr_id="other"))
    judged = asked(partition, wanted="other")

    named = waits(partition)
    row = type(named.row)(
        **{**{f: getattr(named.row, f) for f in named.row.__struct_fields__}, "cdr_id": "other"}
    )
    why = judged.judge(named._replace(row=row))
    assert isinstance(why, str)
    assert "the ledger has it: " in why


def test_what_is_older_than_the_ledger_stays() -> None:
    partition = partition_of().take(old())

    why = asked(partition, 1).judge(waits(partition))
    assert isinstance(why, str)
    assert "the ledger begins with" in why
    assert OLD < NOW - DAY


@pytest.mark.parametrize(
    ("hours", "written_hours", "is_known"),
    [(25, 0, True), (24, 0, False), (12, 0, False), (49, 24, True), (48, 24, False)],
)
def test_a_call_that_may_have_been_charged_before_its_end_stays_for_a_day_longer(
    hours: int, written_hours: int, *, is_known: bool
) -> None:
    """The entry that is left first is of the time `NOW`, and was written so many hours after that."""
    begun_ms = NOW + hours * HOUR
    partition = partition_of().take(call(cdr_id="other"))
    first = len(partition.ledger) - 1
    partition.take(call(begun_ms + 30 * DAY, ended_ms=begun_ms + 60_000))

    judged = asked(partition, first, written_ms=NOW + written_hours * HOUR).judge(waits(partition))
    assert isinstance(judged, Waits) is is_known


def test_a_ledger_whose_first_transaction_came_to_nothing_is_a_whole_one() -> None:
    partition = partition_of().take(old())

    assert isinstance(asked(partition, 1, begins=0).judge(waits(partition)), Waits)


def test_where_the_ledger_is_empty_nothing_was_read() -> None:
    partition = partition_of().take(old())

    judged = Asked(1, {NAME}).judge(waits(partition))
    assert isinstance(judged, Waits)
    assert judged.seen_ms == 0


@pytest.mark.parametrize(
    ("selection", "is_named"),
    [
        (Selection(), False),
        (Selection(tenant="acme"), False),
        (Selection(cdr_ids=("c1",)), True),
        (Selection(waits_for=("too_old",)), True),
        (Selection(waits_for=("no_rate",)), False),
    ],
)
def test_a_word_names_the_call_or_its_reason(selection: Selection, *, is_named: bool) -> None:
    assert selection.names(waits(partition_of().take(old()))) is is_named
