"""The play: a workload cut into acts, published with times of its own, so that every run of it is the same.

Tenants hold plans and have users, some pay later, and some calls are corrected, voided, or corrected before they come.
Commands come first and are obeyed before the first CDR. Each act's records carry one timestamp: two runs then differ in
nothing but what the test does to the workers meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from loadtest import stage
from loadtest.allowances import LOAD_PLANS
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.generate import Workload
from loadtest.licences import VALID_FROM
from loadtest.plan import Plan
from rater.batch.simulate import Simulator
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.shell.admin.plan_check import check_plans
from rater.wire.pricing.deck_files import read_deck_file
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.currencies import shipped_book
from tests.e2e.charging_books import Books
from tests.e2e.simulated_books import note_lines, note_tables
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW

if TYPE_CHECKING:
    from loadtest.accounts import Record as Sent
    from loadtest.expected import Expected

SOURCES = (*(topic.name for topic in ACCOUNT_SOURCES), CDR_RAW.name)
ACT_MS = 1_000


@dataclass(frozen=True)
class Play:
    """Commands and acts of CDRs, in memory."""

    workload: Workload
    commands: list[Sent]
    acts: list[list[Sent]]

    @classmethod
    def of(cls, cdrs: int, acts: int, *, tenants: int = 200, seed: int = 1) -> Play:
        """Make one that begins now; `seed` chooses the traffic."""
        start_ms = time.time_ns() // 1_000_000_000 * 1_000
        contracts: dict[str, Any] = {"plans": "drawn", "users": 2, "post_paid": 20.0}
        contracts["corrections"] = 6.0
        plan = Plan(start_ms=start_ms, seed=seed, tenants=tenants, cdrs=cdrs, **contracts)
        workload = Workload(plan, stage.SAMPLE_DECK)
        commands = list(workload.commands())
        records = list(workload.cdrs())
        size = -(-len(records) // acts)
        acted = [records[at : at + size] for at in range(0, len(records), size)]
        return cls(workload, commands, acted)

    @property
    def expected(self) -> Expected:
        """What the generator says must come out."""
        return self.workload.expected

    def set_up(self, bootstrap: str) -> None:
        """Make the topics, and load the deck and the plans."""
        stage.create_topics(bootstrap)
        stage.load_deck(bootstrap, self.workload.plan)
        stage.load_plans(bootstrap, self.workload.plan)

    async def publish_commands(
        self, bootstrap: str, taken: Callable[[str], Awaitable[None]]
    ) -> None:
        """Publish what opens and funds the accounts, and what is then asked of them."""
        start_ms = self.workload.plan.start_ms
        await publish_commands(bootstrap, by_topic(self.commands), taken, timestamp_ms=start_ms)

    async def publish_act(self, bootstrap: str, number: int) -> None:
        """Publish one act; acts are published in their order."""
        await self.publish_part(bootstrap, self.acts[number], number)

    async def publish_part(self, bootstrap: str, records: list[Sent], number: int) -> None:
        """Publish a part of an act."""
        stamp = self.workload.plan.start_ms + ACT_MS * (number + 1)
        await publish(bootstrap, CDR_RAW.name, records, len(records), timestamp_ms=stamp)


def simulated(play: Play) -> Books:
    """Perform a play in the simulator: the same core, one record at a time, no Kafka at all."""
    plan = play.workload.plan
    deck = read_deck_file(stage.SAMPLE_DECK, deck_id=plan.deck_id, currency=plan.currency)
    checked = check_plans(LOAD_PLANS.read_bytes(), 1, VALID_FROM)
    assert checked.catalog is not None, checked.errors
    plans = PlanBook([checked.catalog], zone_of)
    simulator = Simulator(Rules(DeckBook.of([deck]), load_numbers(), shipped_book(), plans))
    books = Books()
    commands = (
        (topic, record, 0)
        for topic, records in by_topic(play.commands).items()
        for record in records
    )
    cdrs = (
        (CDR_RAW.name, record, number) for number, act in enumerate(play.acts, 1) for record in act
    )
    for topic, (partition, key, value), number in chain(commands, cdrs):
        at_ms = plan.start_ms + ACT_MS * number
        note_lines(books, simulator.feed(topic, key, value, at_ms, partition))
    note_lines(books, simulator.run_until(at_ms + 2 * ACT_MS))
    note_tables(books, simulator)
    books.outcomes = play.expected.outcomes.copy()
    return books
