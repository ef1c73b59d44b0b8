"""Answers: what charging made of records that were sent to it, read from its own topics.

Every record that charging takes comes to one thing: an entry, a refusal, suspense, a dead letter, each naming the place
of its source; or to none of these, when it is known already. That it was taken, the manifest of its batch says.

Rule 1: the readers stand at the ends before anything is sent, so that no answer can be missed.
Rule 2: topics become readable one by one. The answers to a record are all there when the answering topics have been
        read up to the ends that they had after the manifest of its batch was seen.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NamedTuple

from aiokafka import TopicPartition

from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.kafka.broker import Broker
from rater.kafka.reading import Remaining
from rater.shell.admin.given_plans import warning_of
from rater.shell.admin.publish import Place
from rater.shell.admin.topic_admin import connected
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_REQUESTS,
    BATCHES_CHANGELOG,
    CDR_RAW,
    DEAD,
    LEDGER,
    SUSPENSE,
)
from topics.manifests import split_manifest

ANSWERED: Final = (ACCOUNT_COMMANDS.name, ACCOUNT_REQUESTS.name, CDR_RAW.name)
"""Topics whose records have an answer each."""

Verdict = Literal["accepted", "charged", "refused", "suspended", "dead", "known"]
GOOD: Final[frozenset[Verdict]] = frozenset(("accepted", "charged", "known"))

_SAYING: Final = (LEDGER.name, SUSPENSE.name, DEAD.name)
_POLL_MS: Final = 100
_FETCH_BYTES: Final = 8 * 1024 * 1024


class Answer(NamedTuple):
    """What became of one record."""

    verdict: Verdict
    detail: str
    """Of what is not good: the reason and the sentence; else what there is to say."""

    def and_also(self, other: "Answer") -> "Answer":
        """Return what two answers to one record say together: a warning comes after what it warns of."""
        return Answer(self.verdict, f"{self.detail}; {other.detail}")


class Answers:
    """The answers to what is sent from now on to one topic."""

    def __init__(self, consumer: Any, seer: Any, topic: str, plans: PlanBook) -> None:
        """Use `listening`."""
        self._plans = plans
        self._consumer = consumer
        self._seer = seer
        self._topic = topic
        self._known = "has been taken before"
        if topic == CDR_RAW.name:
            self._known += ", it or a later version of it"
        self._found: dict[Place, Answer] = {}
        self._taken: dict[int, int] = {}
        """Of each partition, the offset up to which batches have been taken."""

    async def to(self, places: Sequence[Place], timeout_s: float) -> dict[Place, Answer]:
        """Return the answers to the records at these places; those that do not come in time are missing."""
        waiting = set(places)
        # The batch that a record was in may be one of many.
        try:
            async with asyncio.timeout(timeout_s):
                while waiting:
                    await self._read()
                    taken = {p for p in waiting if p.offset < self._taken.get(p.partition, 0)}
                    if taken:
                        await self._read_to_the_end({place.partition for place in taken})
                        for place in taken - self._found.keys():
                            self._found[place] = Answer("known", self._known)
                        waiting -= taken
        except TimeoutError:
            pass
        return {place: self._found[place] for place in places if place in self._found}

    async def _read(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
        for tp, records in fetched.items():
            for record in records:
                if tp.topic == BATCHES_CHANGELOG.name:
                    self._note_manifest(tp.partition, record.value)
                else:
                    self._note_answer(tp.topic, record.value)

    async def _read_to_the_end(self, partitions: Iterable[int]) -> None:
        """Read the answering topics up to the ends that they have now, open transactions included."""
        parts = [TopicPartition(name, number) for name in _SAYING for number in partitions]
        remaining = Remaining(self._consumer, await self._seer.end_offsets(parts))
        while remaining.ends:
            await self._read()
            await remaining.update()

    def _note_manifest(self, partition: int, value: bytes | None) -> None:
        header, _ = split_manifest(value or b"")
        if header["source_topic"] == self._topic:
            self._taken[partition] = max(self._taken.get(partition, 0), header["next_offset"])

    def _note_answer(self, topic: str, value: bytes | None) -> None:
        record = json.loads(value or b"{}")
        if record.get("source_topic") != self._topic:
            return
        answer = answer_of(topic, record, self._plans)
        if answer is not None:
            place = Place(record["source_partition"], record["source_offset"])
            before = self._found.get(place)
            self._found[place] = answer if before is None else before.and_also(answer)


def answer_of(topic: str, record: dict[str, Any], plans: PlanBook = NO_BOOK) -> Answer | None:
    """Return what a record of an answering topic says; None where it answers nothing."""
    answer = _ANSWER[topic](record)
    warning = None if answer is None else warning_of(record, plans)
    if answer is None or warning is None:
        return answer
    return answer.and_also(Answer("accepted", f"warning: {warning}"))


def _of_entry(entry: dict[str, Any]) -> Answer | None:
    """Say what a ledger entry answers; None for one that only came along, such as an expiry."""
    if entry["kind"] == "command_rejected":
        return Answer("refused", f"{entry['reason']}: {entry['detail']}")
    if entry["kind"] == "charge":
        paid = f"{entry['charge_micros']} micros{_beside(entry.get('draws', []), _PAID)}"
        why = f" ({entry['reason']})" if "reason" in entry else ""
        return Answer("charged", f"{entry['outcome']}{why}, {paid}")
    if entry["kind"] == "charge_reversed" and entry["by"] == "void":
        return Answer("accepted", f"voided, {_back(entry)}")
    if entry["kind"] == "deck_warning":
        decks = ", ".join(f"{each['deck_id']} is {each['problem']}" for each in entry["decks"])
        return Answer("accepted", f"warning: no price by these decks: {decks}")
    return Answer("accepted", entry["kind"]) if "command_id" in entry else None


def _back(entry: dict[str, Any]) -> str:
    """Say what comes back of a charge: of one that was waived, nothing."""
    returns = entry.get("returns", [])
    micros = sum(each.get("amount_micros", 0) for each in returns)
    micros += entry.get("lot", {}).get("granted_micros", 0)
    return f"{micros} micros come back{_beside(returns, _RETURNED)}"


def _beside(draws: list[dict[str, Any]], words_of: Mapping[str, str]) -> str:
    """Say what of the money no balance pays, or gets back, and what of pools there is beside it."""
    sums: Counter[str] = Counter()
    for draw in draws:
        sums[draw.get("source", "lot")] += draw.get("quantity") or draw["amount_micros"]
    said = [f", {sums[source]} {words}" for source, words in words_of.items() if sums[source]]
    return "".join(said)


_PAID: Final = {
    "post_paid": "of them owed of the month",
    "waived": "of them waived",
    "pool": "s paid by pools",
}
_RETURNED: Final = {
    "post_paid": "of them no longer owed of the month",
    "pool": "s come back to pools",
}


def _of_suspended(record: dict[str, Any]) -> Answer:
    return Answer("suspended", f"{record['reason']}: {record['detail']}")


def _of_dead(record: dict[str, Any]) -> Answer:
    field = record.get("field")
    return Answer("dead", f"{record['reason']}: {field + ': ' if field else ''}{record['detail']}")


_ANSWER: Final = {LEDGER.name: _of_entry, SUSPENSE.name: _of_suspended, DEAD.name: _of_dead}


@asynccontextmanager
async def listening(
    broker: Broker, topic: str, partitions: int, plans: PlanBook
) -> AsyncIterator[Answers]:
    """Stand at the ends of what charging writes; the topic is one of ANSWERED, and plans those that are known.

    NotAllowedError where what it writes may not be seen: a consumer would ask for its ends for 40 s, then give up.
    """
    names = (*_SAYING, BATCHES_CHANGELOG.name)
    async with connected(broker) as admin:
        await admin.refuse_hidden(names)
    consumer, seer = _consumer(broker, "read_committed"), _consumer(broker, "read_uncommitted")
    parts = [TopicPartition(name, number) for name in names for number in range(partitions)]
    try:
        await consumer.start()
        await seer.start()
        consumer.assign(parts)
        for part, end in (await consumer.end_offsets(parts)).items():
            consumer.seek(part, end)
        yield Answers(consumer, seer, topic, plans)
    finally:
        await consumer.stop()
        await seer.stop()


def _consumer(broker: Broker, isolation: str) -> Any:
    return broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        isolation_level=isolation,
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=_POLL_MS,
    )
