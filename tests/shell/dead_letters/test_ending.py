"""Ends of letters: what is written down of each, and under which key it is kept."""

from rater.shell.admin.who import Who
from rater.shell.dead_letters.ending import Step, end_of, key_of, linked
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.wire.outputs import encode
from tests.shell.dead_letters.letters import AT_MS, letter
from topics.catalog import DEAD_ENDED
from topics.chain import NO_LINK, Link, digest_of, split_link

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


def test_an_end_names_the_one_before_it_in_its_partition_whoever_goes_on() -> None:
    """The digest is of the text as it is written: who reads it cuts the last field off."""
    links: dict[int, Link] = {}
    letters = OpenLetters()
    before = NO_LINK
    for number in range(1, 4):
        end = linked(end_of(Step(letter(number, number), None), WHO, AT_MS, None), links)
        elsewhere = linked(
            end_of(Step(letter(number, number, partition=5), None), WHO, AT_MS, None), links
        )
        text, digest = split_link(encode(end))
        assert (end.number, elsewhere.number) == (number, number)
        assert digest == end.chain_sha256 == digest_of(before, text)
        before = Link(number, digest)
        letters.end(end)

    assert letters.links == {end.dead_partition: before} == {4: links[4]}
