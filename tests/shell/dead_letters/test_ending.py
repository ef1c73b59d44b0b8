"""Ends of letters: what is written down of each, and under which key it is kept."""

from rater.shell.admin.who import Who
from rater.shell.dead_letters.ending import Step, end_of, key_of
from tests.shell.dead_letters.letters import AT_MS, letter
from topics.catalog import DEAD_ENDED

WHO = Who("j1", "ann", "half a record")


def test_the_end_of_a_letter_of_a_topic_made_anew_leaves_the_earlier_one_in_the_log() -> None:
    """Compaction keeps the last record of a key: two letters with one id must not share one."""
    before, after = letter(7), letter(7)._replace(at_ms=AT_MS + 1_000_000)
    keys = [key_of(end_of(Step(each, None), WHO, AT_MS, None)) for each in (before, after)]

    assert before.dead_id == after.dead_id
    assert len(set(keys)) == 2
    assert str(DEAD_ENDED.key) == "dead_id/letter_at_ms"
    assert keys[0] == f"{before.dead_id}/{before.at_ms}".encode()


def test_two_ends_of_one_letter_have_one_key() -> None:
    keys = {key_of(end_of(Step(letter(7), None), WHO, AT_MS + n, None)) for n in range(2)}

    assert len(keys) == 1
