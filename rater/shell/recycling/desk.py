"""Desk: all that is known of the calls that wait, read once from the topics: rows, accounts, users, and the rules.

What charging has committed is read, outside every group. Whoever asks for a trial gets what charging would decide on
this state; the worker decides again, on its own, when the order comes.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field

from rater.batch.charging.open_suspense import read_open
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.recycling import waiting
from rater.batch.charging.trial import Trial, Trials
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rules import Rules
from rater.kafka.broker import Broker
from rater.shell.admin.topic_reader import Selection as Lines
from rater.shell.admin.topic_reader import last_of, reading
from rater.shell.admin.who import Who
from rater.shell.recycling.selection import Selection, Waits
from rater.shell.versions.deck_versions import read_versions
from rater.shell.versions.plan_load import read_plans
from rater.shell.versions.settings_load import read_settings
from rater.wire.account.recycling import Order, encode_order
from rater.wire.account.state import decode_account
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from topics.catalog import ACCOUNTS_CHANGELOG, SUSPENSE_CHANGELOG, USERS_CHANGELOG, Topic
from topics.keys import tenant_in_front
from topics.partitioner import partition_of


@dataclass(slots=True)
class Desk:
    """What is known."""

    rules: Rules
    partitions: int
    rows: dict[bytes, bytes]
    shards: dict[int, Shard] = field(default_factory=dict)
    state: list[dict[bytes, bytes]] = field(default_factory=list)
    """The accounts and users of the tenants whose calls wait, as they were read."""

    def is_as(self, other: "Desk") -> bool:
        """Say whether another desk knows the same, so that nothing else would become of the calls."""
        return self.rules is other.rules and self.rows == other.rows and self.state == other.state

    def of(self, selection: Selection) -> list[Waits]:
        """Return the calls that are meant, by tenant and in the order of their events."""
        found = (self._waits(value) for value in self.rows.values())
        return sorted((each for each in found if selection.has(each)), key=lambda each: each.order)

    def _waits(self, value: bytes) -> Waits:
        row, cdr = waiting(read_open(value))
        key = row.tenant_id.encode()
        state = self._shard(key).accounts.get(key)
        return Waits(row, cdr, None if state is None else decode_account(state))

    def try_out(
        self, kind: Order, calls: Iterable[Waits], who: Who, now_ms: int
    ) -> Iterator[tuple[Waits, Trial]]:
        """Yield what would become of each call, in this order."""
        trials: dict[int, Trials] = {}
        for each in calls:
            tenant_id = each.row.tenant_id
            number = partition_of(tenant_id.encode(), self.partitions)
            if number not in trials:
                shard = self._shard(tenant_id.encode())
                trials[number] = Trials(shard, self.rules, self.partitions)
            order = encode_order(kind, each.row, who.job_id, who.by, who.why, each.seen_ms)
            yield each, trials[number].try_out(tenant_id, order, now_ms)

    def _shard(self, tenant: bytes) -> Shard:
        number = partition_of(tenant, self.partitions)
        if number not in self.shards:
            self.shards[number] = Shard.empty(number)
        return self.shards[number]

    def load(self, accounts: dict[bytes, bytes], users: dict[bytes, bytes]) -> None:
        """Take the state of the tenants whose calls wait."""
        self.state = [accounts, users]
        for key, value in accounts.items():
            self._shard(key).accounts.load([(key, value)])
        for key, value in users.items():
            self._shard(tenant_in_front(key)).users.load([(key, value)])
        for key, value in self.rows.items():
            self._shard(tenant_in_front(key)).suspense.load([(key, value)])


async def read_desk(
    broker: Broker,
    partitions: int,
    tenant: str | None,
    rules_of: Callable[[Broker], Awaitable[Rules]] | None = None,
) -> Desk:
    """Read what waits, of one tenant or of all, and only where something does the rest.

    `rules_of` reads the rules, `read_rules` unless it is given.
    """
    rows = await last_values(broker, SUSPENSE_CHANGELOG, partitions, Lines(tenant=tenant))
    if not rows:
        return Desk(Rules(DeckBook(), load_numbers(), shipped_book()), partitions, rows)
    desk = Desk(await (rules_of or read_rules)(broker), partitions, rows)
    names = {tenant_in_front(key) for key in rows}
    numbers = frozenset(partition_of(name, partitions) for name in names)
    state: list[dict[bytes, bytes]] = []
    for topic in (ACCOUNTS_CHANGELOG, USERS_CHANGELOG):
        lines = Lines(tenant=tenant, partitions=numbers)
        found = await last_values(broker, topic, partitions, lines)
        state.append({k: v for k, v in found.items() if tenant_in_front(k) in names})
    desk.load(*state)
    return desk


async def read_rules(broker: Broker) -> Rules:
    """Read the decks, plans and settings that are published."""
    book = (await read_versions(broker)).book
    settings, plans = await read_settings(broker), await read_plans(broker)
    return Rules(book, load_numbers(), settings, plans)


async def last_values(
    broker: Broker, topic: Topic, partitions: int, lines: Lines
) -> dict[bytes, bytes]:
    """Return the last value of each key of a compacted topic."""
    async with reading(broker, topic, lines) as reader:
        return await last_of(reader.lines(partitions), bytes)
