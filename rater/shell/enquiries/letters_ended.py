"""Letters ended: which dead letters and suspended records of a call were replayed or dropped, by whom and why.

An end lies in the partition of its letter, which is that of the record that could not be read; written again it may
lie in another one. So all partitions are looked through, the last records of each.
"""

import msgspec

from rater.shell.admin.log import Log
from rater.views.explanation.evidence import Place, source_of
from rater.views.explanation.explanation import Explanation
from topics.catalog import DEAD_ENDED
from topics.records import Dead, DeadEnded, Suspended

_ended = msgspec.json.Decoder(DeadEnded).decode


async def ended_lately(log: Log, count: int, answer: Explanation, most: int) -> list[DeadEnded]:
    """Return the ends, in order, among the last `most` of each of `count` partitions, that an answer is about."""
    letters_of: list[Dead | Suspended] = [*answer.dead, *answer.suspended]
    letters = {
        (_id(each.source_topic, each.source_partition, each.source_offset), each.at_ms)
        for each in letters_of
    }
    sources = _sources(answer)
    await log.look([(DEAD_ENDED.name, partition) for partition in range(count)])
    found: list[DeadEnded] = []
    for partition in range(count):
        _, end = await log.bounds(DEAD_ENDED.name, partition)
        for record in await log.between(DEAD_ENDED.name, partition, end - most, end):
            try:
                said = _ended(record.value or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            if (said.dead_id, said.letter_at_ms) in letters or _sent(said) in sources:
                found.append(said)
    return sorted(found, key=lambda each: each.at_ms)


def _id(*place: object) -> str:
    return "/".join(map(str, place))


def _sources(answer: Explanation) -> set[str]:
    """Return where the records lie that the CDR's entries and suspensions came of, as ids name them."""
    places: list[Place] = [source_of(each.entry) for one in answer.explained for each in one.posted]
    places += [source_of(each) for each in answer.suspended]
    return {_id(*place) for place in places}


def _sent(said: DeadEnded) -> str | None:
    """Return where a record lies that was written again."""
    if said.sent_offset is None:
        return None
    return _id(said.dead_id.split("/")[0], said.sent_partition, said.sent_offset)
