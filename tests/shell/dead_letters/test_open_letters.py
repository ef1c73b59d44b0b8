"""Which dead letters are open, whatever comes first, twice, or of a topic that was made anew."""

from itertools import permutations

import pytest

from rater.shell.dead_letters.ending import AT_ONCE, BYTES_AT_ONCE, portions
from rater.shell.dead_letters.letter import Place
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.shell.dead_letters.selection import Selection
from tests.shell.dead_letters.letters import ACME, AT_MS, TOPIC, WHO, end, letter


def ids(letters: OpenLetters) -> list[int]:
    return [each.source.offset for each in letters]


def test_a_letter_is_open_until_it_ends_in_whatever_order_they_come() -> None:
    first, second = letter(7, 0), letter(3, 1)
    steps = {
        "first": lambda to: to.add(first),
        "second": lambda to: to.add(second),
        "end": lambda to: to.end(end(first)),
    }
    for order in permutations(steps):
        letters = OpenLetters()
        for name in order:
            steps[name](letters)
        assert ids(letters) == [3], order
        assert letters.has_ended(first.dead_id)
        assert not letters.has_ended(second.dead_id)


def test_ends_are_counted_by_the_job_that_asked_for_them() -> None:
    letters = OpenLetters()
    for number in range(3):
        letters.end(end(letter(number, number)))

    assert (letters.ended_by(WHO.job_id), letters.ended_by("j2")) == (3, 0)


def test_letters_come_in_the_order_of_their_records() -> None:
    letters = OpenLetters()
    for each in (letter(9, 0), letter(7, 1), letter(8, 2), letter(1, 3, partition=5)):
        letters.add(each)

    assert [(each.source.partition, each.source.offset) for each in letters] == [
        (4, 7), (4, 8), (4, 9), (5, 1)
    ]  # fmt: skip


def test_a_letter_that_was_written_twice_is_one_and_counts_by_its_last_copy() -> None:
    letters = OpenLetters()
    letters.add(letter(7, 0))
    letters.add(letter(7, 5))
    letters.begin_at(Place("recharge.dead.v1", ACME, 3))

    assert [each.place.offset for each in letters] == [5]


def test_an_end_is_of_the_letter_that_has_its_time() -> None:
    """A topic that was made anew begins at offset 0 again, and its letters have the ids of others."""
    before = letter(0, 0)
    anew = before._replace(at_ms=AT_MS + 1)
    letters = OpenLetters()
    letters.end(end(before))
    letters.add(anew)
    assert ids(letters) == [0]

    letters.end(end(before))
    assert ids(letters) == [0]
    letters.end(end(anew))
    assert ids(letters) == []


def test_what_retention_has_deleted_is_neither_open_nor_remembered_as_ended() -> None:
    gone, dropped, stays = letter(1, 0), letter(2, 1), letter(3, 2)
    letters = OpenLetters()
    for each in (gone, dropped, stays):
        letters.add(each)
    letters.end(end(dropped))
    letters.begin_at(Place("recharge.dead.v1", ACME, 2))
    letters.begin_at(Place("recharge.dead.v1", ACME + 1, 99))

    assert ids(letters) == [3]
    assert not letters.has_ended(dropped.dead_id)


def test_as_many_are_looked_at_as_were_said_and_only_one_more_is_too_many() -> None:
    letters = OpenLetters(most=2)
    letters.add(letter(3, 0))
    letters.add(letter(2, 1))
    assert (letters.is_full, ids(letters)) == (False, [2, 3])
    letters.add(letter(1, 2))
    assert (letters.is_full, ids(letters), len(letters)) == (True, [1, 2], 3)
    letters.end(end(letter(1, 2)))
    assert (letters.is_full, ids(letters)) == (False, [2, 3])


def test_they_are_summed_by_topic_and_reason_with_the_oldest() -> None:
    letters = OpenLetters()
    for each in (
        letter(1, 0, since_ms=AT_MS + 2),
        letter(2, 1, since_ms=AT_MS + 1),
        letter(3, 2, topic="cdr.raw.v1"),
    ):
        letters.add(each)

    assert letters.sums() == {
        (TOPIC, "not_json"): (2, AT_MS + 1),
        ("cdr.raw.v1", "not_json"): (1, AT_MS + 5),
    }


@pytest.mark.parametrize(
    ("selection", "is_meant"),
    [
        (Selection(), True),
        (Selection(tenant="acme", topics=(TOPIC,), found=("not_json", "empty")), True),
        (Selection(tenant="bolt"), False),
        (Selection(topics=("cdr.raw.v1",)), False),
        (Selection(found=("empty",)), False),
        (Selection(dead_ids=(f"{TOPIC}/{ACME}/7",)), True),
        (Selection(dead_ids=(f"{TOPIC}/{ACME}/8",)), False),
        (Selection(until_ms=AT_MS + 5), True),
        (Selection(until_ms=AT_MS + 4), False),
    ],
)
def test_a_letter_is_meant_by_all_that_is_said(selection: Selection, is_meant: bool) -> None:  # noqa: FBT001
    letters = OpenLetters(selection.has)
    letters.add(letter(7))

    assert bool(ids(letters)) == is_meant


def test_a_transaction_takes_so_many_letters_and_about_so_many_bytes() -> None:
    many = [letter(n, n) for n in range(AT_ONCE + 1)]
    assert [len(some) for some in portions(many)] == [AT_ONCE, 1]

    large = [letter(n, n, value_bytes=BYTES_AT_ONCE * 2 // 3) for n in range(3)]
    assert [len(some) for some in portions(large)] == [1, 1, 1]
    assert list(portions([])) == []


def test_of_a_topic_that_was_made_anew_each_letter_with_an_id_has_its_own_end() -> None:
    old = letter(0, 0)
    new = letter(0, 5)._replace(at_ms=old.at_ms + 1_000)
    letters = OpenLetters()
    for each in (old, new):
        letters.add(each)
    letters.end(end(new))
    assert [each.at_ms for each in letters] == [old.at_ms]

    letters.end(end(old))
    for each in (old, new):
        letters.add(each)
    assert not len(letters)
