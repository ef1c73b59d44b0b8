"""Foremost: the first record that a group has not taken, of each partition; read, with what lies before it passed over.

Only what was not seen before is read, and one record of it. A consumer is assigned all partitions for as long as it
lives, and paused: what is to be read is resumed for the while. So a look costs no more than it has to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from rater.kafka.rights import NotAllowedError
from rater.shell.watch.lag import Offsets, Stretch

READ_S = 3.0
"""For all that one group has not taken; what is not read then is read on with the next look."""
POLL_MS = 100
FETCH_BYTES = 64 * 1024
"""Of a partition at once; a batch that is larger comes alone, and whole."""
_BEGIN = 0

log = logging.getLogger(__name__)


class Foremost:
    """What is known of the records that groups go on with."""

    def __init__(self, consumer: Any, partitions: Iterable[TopicPartition]) -> None:
        """Take a consumer of committed records that is started, and all partitions that may be asked for."""
        self._consumer = consumer
        self._known: dict[tuple[str, TopicPartition], Stretch] = {}
        everything = list(partitions)
        consumer.assign(everything)
        for each in everything:
            # A position, whichever it is: nothing may be asked of a group, and there is none to ask.
            consumer.seek(each, _BEGIN)
        consumer.pause(*everything)

    async def look(
        self, group: str, offsets: Mapping[TopicPartition, Offsets]
    ) -> dict[TopicPartition, Stretch]:
        """Return what lies where a group goes on, of each partition that has something there.

        Where that could not be read in time, or at all, there is as much as is known. NotAllowedError.
        """
        found = {
            part: stretch
            for part, of in offsets.items()
            if (stretch := self._known.get((group, part))) is not None and stretch.tells_of(of)
        }
        unseen = {
            part: found.get(part, Stretch(of.next, of.next))
            for part, of in offsets.items()
            if of.next < of.stable and not (part in found and found[part].reaches(of.stable))
        }
        ends = {part: offsets[part].stable for part in unseen}
        found |= await self._read(unseen, ends)
        for part in offsets:
            if part in found:
                self._known[group, part] = found[part]
            else:
                self._known.pop((group, part), None)
        return found

    async def _read(
        self, unseen: dict[TopicPartition, Stretch], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, Stretch]:
        for part, stretch in unseen.items():
            self._consumer.seek(part, stretch.end)
        self._consumer.resume(*unseen)
        found = dict(unseen)
        try:
            await self._read_on(found, ends)
        except NotAllowedError:
            raise
        except KafkaError as error:
            log.warning("not all ages are known: %(error)s", {"error": repr(error)})
        finally:
            self._consumer.pause(*unseen)
            for part, stretch in found.items():
                # What was fetched beyond is dropped.
                self._consumer.seek(part, stretch.end)
        return found

    async def _read_on(
        self, found: dict[TopicPartition, Stretch], ends: Mapping[TopicPartition, int]
    ) -> None:
        """Read the partitions until each has shown a record, or has ended, or the time is over."""
        left = set(found)
        until = monotonic() + READ_S
        while left and monotonic() < until:
            fetched = await self._consumer.getmany(*left, timeout_ms=POLL_MS, max_records=1)
            for part, records in fetched.items():
                record, begin = records[0], found[part].begin
                found[part] = Stretch(begin, record.offset, record.timestamp)
            for part in left - set(fetched):
                found[part] = Stretch(found[part].begin, await self._consumer.position(part))
            done = {part for part in left if found[part].reaches(ends[part])}
            self._consumer.pause(*done)
            left -= done
