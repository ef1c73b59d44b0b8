"""Explaining: all that is known of one CDR is read from the topics, and put into an `Explanation`.

Read are the manifests of the tenant's partition (or a time of its ledger), the entries found there, the account's
entries before each of them, the records they came of, decks, plans and settings, and what followed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rater.batch.charging.open_suspense import read_open
from rater.batch.charging.recycling import waiting
from rater.core.account.releasing import suspense_id_of
from rater.core.account.user import User
from rater.core.cdr import Cdr
from rater.core.pricing.rules import Rules
from rater.shell.admin.log import Log, reading_log
from rater.shell.enquiries.account_then import (
    BACK_MAX,
    entries_before,
    posted_of,
    since_of,
    user_then,
)
from rater.shell.enquiries.cdr_search import (
    Mentions,
    buried_lately,
    by_index,
    by_time,
    mentions_of,
    suspended_at,
    suspended_lately,
)
from rater.shell.enquiries.enquiry import Enquiry, EnquiryError, UnknownTenantError
from rater.shell.enquiries.followed import events_of, followed
from rater.shell.enquiries.letters_ended import ended_lately
from rater.shell.enquiries.rules_then import SHARED, Then, read_then
from rater.views.explanation.evidence import Evidence, Place, Posted, is_about, source_of
from rater.views.explanation.explanation import Explained, Explanation, hold_events
from rater.views.explanation.folded import Folded
from rater.views.explanation.orders import order_of
from rater.views.explanation.places import Places
from rater.views.explanation.priced import decks_of, price_now
from rater.views.explanation.told import tell, unfounded
from rater.views.explanation.verdict import main_of
from rater.wire.account.state import decode_account
from topics.catalog import (
    ACCOUNT_TIMERS,
    ACCOUNTS_CHANGELOG,
    BALANCE_EVENTS,
    BATCHES_CHANGELOG,
    CDR_RAW,
    DEAD,
    LEDGER,
    NOTIFICATIONS,
    NOTIFIER_SENT,
    PAYMENT_COMMANDS,
    PAYMENT_RESULTS,
    SUSPENSE,
    SUSPENSE_CHANGELOG,
    USERS_CHANGELOG,
)
from topics.keys import suspense_key
from topics.partitioner import partition_of

READ = tuple(
    topic.name
    for topic in (
        *(LEDGER, CDR_RAW, ACCOUNT_TIMERS, SUSPENSE, DEAD, BATCHES_CHANGELOG, SUSPENSE_CHANGELOG),
        *(BALANCE_EVENTS, USERS_CHANGELOG, PAYMENT_COMMANDS, PAYMENT_RESULTS, NOTIFICATIONS),
        NOTIFIER_SENT,
    )
)
"""What is read of the tenant's partition."""
LATELY = 20_000
"""Records of suspense and of dead letters, the last of the partition, that are looked through."""
_AROUND = 64
"""Records behind an entry among which the others of its source are."""


class NotFoundError(EnquiryError):
    """Nothing is known of the CDR; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which CDR, and where to look for it."""

    tenant_id: str
    cdr_id: str
    times: tuple[int, int] | None = None
    """When what is known of it was written; None: the charge index knows."""
    back: int = BACK_MAX


@dataclass(slots=True)
class _Answering:
    """One question while it is being answered."""

    log: Log
    question: Question
    partition: int
    then: Then
    evidence: Evidence
    answer: Explanation
    own: list[Posted] = field(default_factory=list)
    """The entries of the CDR so far."""

    @property
    def whose(self) -> tuple[str, str]:
        return self.question.tenant_id, self.question.cdr_id

    async def run(self) -> None:
        """Read all there is."""
        places = await self._places()
        await self._suspended(places)
        done = -1
        for offset in places.ledger:
            if offset > done:
                group = await self._group(offset)
                done = group[-1].offset
                await self._explain(group)
        await self._waiting()
        lately = buried_lately(self.log, self.partition, self.whose, LATELY)
        self.answer.dead = await lately

    async def _places(self) -> Places:
        where = self.log, self.partition, *self.whose
        times = self.question.times
        return await (by_index(*where) if times is None else by_time(*where, times))

    async def _suspended(self, places: Places) -> None:
        named = await suspended_at(self.log, self.partition, places.suspense, self.whose)
        lately = await suspended_lately(self.log, self.partition, self.whose, LATELY)
        by_id = {each.suspense_id: each for each in (*named, *lately)}
        found = sorted(by_id.values(), key=lambda each: each.at_ms)
        self.evidence.suspended = self.answer.suspended = found
        for each in found:
            await self._fetch((each.source_topic, each.source_partition, each.source_offset))

    async def _group(self, offset: int) -> list[Posted]:
        """Return the entries at and behind an offset that came of the same record; those before it come later."""
        records = await self.log.between(LEDGER.name, self.partition, offset, offset + _AROUND)
        if not records or records[0].offset != offset:
            raise NotFoundError(f"{LEDGER.name}: the entry at offset {offset} is kept no more")
        first = posted_of(records[0])
        group = [first]
        for record in records[1:]:
            each = posted_of(record)
            if source_of(each.entry) != source_of(first.entry):
                break
            group.append(each)
        return group

    async def _explain(self, behind: list[Posted]) -> None:
        first = behind[0]
        main = first.entry
        if not is_about(main, self.question.cdr_id):
            self.answer.explained.append(unfounded(behind, self.whose))
            return
        await self._fetch(source_of(main))
        where = self.log, self.partition, self.question.tenant_id, first.offset
        order = order_of(main, self.evidence).order
        consumer = order.cdr.consumer()
        before = await entries_before(*where, since_of(main, consumer), self.question.back)
        posted = before.posted or before.others
        group = [e for e in posted if source_of(e.entry) == source_of(main)] + behind
        posted = [each for each in posted if source_of(each.entry) != source_of(main)]
        said = mentions_of(posted, self.question.cdr_id)
        self._note(said)
        self.own = _merged(self.own, [e for e in posted if is_about(e.entry, self.whose[1])])
        known: tuple[User, ...] = ()
        if consumer is not None and before.posted:
            who = self.question.tenant_id, consumer
            known = await user_then(self.log, self.partition, who, first.at_ms)
        folded = Folded(known) if before.posted else None
        main = main_of(group, self.question.cdr_id)
        rules = self.then.without_decks(first.at_ms, main)
        self.answer.explained.append(await self._told(group, posted, folded, rules))
        self.own += [each for each in group if is_about(each.entry, self.question.cdr_id)]

    async def _told(
        self, group: list[Posted], posted: list[Posted], folded: Folded | None, rules: Rules
    ) -> Explained:
        written_ms, main = group[-1].at_ms, main_of(group, self.question.cdr_id)
        order = order_of(main, self.evidence).order
        named = getattr(main, "deck_id", None)
        decks: tuple[str, ...] = () if named is None else (named,)
        wrong = None
        if folded is not None:
            wrong = folded.take_all(posted, rules)
            if folded.account is not None and wrong is None:
                decks = decks_of(folded.account, order.cdr)
        answered_ms = order.cdr.answered_ms
        rules = self.then.with_decks(rules, decks, answered_ms, written_ms, main)
        told = tell(group, self.own, None if wrong else folded, self.evidence, rules)
        if wrong is not None:
            told.event_differences.append(wrong)
        elif told.verdict is not None and told.verdict.decided is not None:
            seqs = [each.entry.seq for each in group]
            tenant_id = self.question.tenant_id
            where = self.log, self.partition, tenant_id
            found = await events_of(*where, seqs, written_ms)
            if found is not None:
                hold_events(told, found)
            self.answer.followed += await followed(*where, told.events, written_ms)
        return told

    async def _waiting(self) -> None:
        """Look what came of what was suspended last: whether it waits still, and what it would cost now."""
        told = self.answer.explained
        last_ms = told[-1].posted[-1].entry.at_ms if told else 0
        if not self.evidence.suspended or self.evidence.suspended[-1].at_ms < last_ms:
            return
        first = min(each.at_ms for each in self.evidence.suspended)
        begin = await self.log.from_time(LEDGER.name, self.partition, first)
        key = self.question.tenant_id.encode()
        end = begin + self.question.back
        async for records in self.log.runs(LEDGER.name, self.partition, begin, end):
            mine = [posted_of(each) for each in records if each.key == key]
            said = mentions_of(mine, self.question.cdr_id)
            self._note(said)
        row = await self._last(SUSPENSE_CHANGELOG.name, suspense_key(*self.whose))
        if row is None:
            return
        waits, cdr = waiting(read_open(row))
        account = await self._last(ACCOUNTS_CHANGELOG.name, key)
        self.answer.waiting[suspense_id_of(waits)] = self._price_now(cdr, account)

    def _price_now(self, cdr: Cdr, state: bytes | None) -> dict[str, object]:
        if state is None:
            return {"outcome": "no price", "reason": "no account"}
        account = decode_account(state)
        decks = decks_of(account, cdr)
        now_ms = _LATER_MS
        rules = self.then.without_decks(now_ms)
        rules = self.then.with_decks(rules, decks, cdr.answered_ms, now_ms, None)
        return price_now(cdr, decks, account.currency, rules, now_ms)

    def _note(self, said: Mentions) -> None:
        """Take what names the CDR without being its charge, each once."""
        known = {each.entry_id for each in (*self.answer.refused, *self.answer.dropped)}
        self.answer.refused += [each for each in said.refused if each.entry_id not in known]
        self.answer.dropped += [each for each in said.dropped if each.entry_id not in known]
        self.evidence.refused = self.answer.refused

    async def _last(self, topic: str, key: bytes) -> bytes | None:
        """Return the last value of a key of a compacted topic."""
        found: bytes | None = None
        start, end = await self.log.bounds(topic, self.partition)
        async for records in self.log.runs(topic, self.partition, start, end):
            for each in records:
                if each.key == key:
                    found = each.value
        return found

    async def _fetch(self, place: Place) -> None:
        if place not in self.evidence.records:
            self.evidence.records[place] = await self.log.at(place)


_LATER_MS = 1 << 50
"""Later than all that is published."""


def _merged(one: Sequence[Posted], other: Sequence[Posted]) -> list[Posted]:
    by_offset = {each.offset: each for each in (*one, *other)}
    return [by_offset[offset] for offset in sorted(by_offset)]


async def explain(enquiry: Enquiry, question: Question) -> Explanation:
    """Answer a question; NotFoundError where nothing is known."""
    count = await enquiry.count_of(LEDGER)
    async with reading_log(enquiry.broker) as log:
        partition = partition_of(question.tenant_id.encode(), count)
        found_by = "the charge index" if question.times is None else "the time it was written"
        answer = Explanation(question.tenant_id, question.cdr_id, found_by)
        evidence = Evidence(question.tenant_id, question.cdr_id)
        await log.look([*SHARED, *((name, partition) for name in READ)])
        then = await read_then(log)
        await _Answering(log, question, partition, then, evidence, answer).run()
        answer.ended = await ended_lately(log, count, answer, LATELY)
    if not answer.is_known:
        raise NotFoundError(await _why_unknown(enquiry, question))
    return answer


async def _why_unknown(enquiry: Enquiry, question: Question) -> str:
    """Say what nobody knows: the tenant, or the CDR."""
    try:
        await enquiry.check_tenant(question.tenant_id)
    except UnknownTenantError as error:
        return str(error)
    where, more = "the last nine days", "; of an older one say --from and --until"
    if question.times is not None:
        where, more = "that time", ""
    return (
        f"nothing is known of CDR {question.cdr_id[:80]!r} of {question.tenant_id} in {where}{more}. "
        "It may not have been taken yet: `rater watch --once` shows how far charging is"
    )
