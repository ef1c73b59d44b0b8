"""The stage: a broker with our topics, the sample deck and funded accounts, ready for CDRs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from loadtest.allowances import LOAD_PLANS
from loadtest.broker import ROOT
from loadtest.drive import by_topic, publish_commands
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.rater_command import CommandError, run
from loadtest.service import Service
from loadtest.watch import Watch
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW, LEDGER

SAMPLE_DECK = ROOT / "rater" / "data" / "sample_deck.csv"
_IN_FORCE_FROM = "2024-01-01T00:00:00Z"
_COMMANDS_TIMEOUT_S = 60.0

Say = Callable[[str], None]


def create_topics(bootstrap: str) -> str:
    """Make the topics that are missing; return what the command said last."""
    return last_line(run("topics", "create", "--broker", bootstrap).text)


def load_deck(
    bootstrap: str, plan: Plan, deck: Path = SAMPLE_DECK, deck_id: str | None = None
) -> str:
    """Publish a deck: the plan's own, unless another id is given; return what the command said last."""
    terms = ("--deck-id", deck_id or plan.deck_id, "--version", "1", "--currency", plan.currency)
    options = (*terms, "--valid-from", _IN_FORCE_FROM, "--broker", bootstrap)
    return last_line(run("deck", "load", str(deck), *options).text)


def load_plans(bootstrap: str, plan: Plan, plans: Path = LOAD_PLANS) -> str:
    """Publish the sample plans, unless the plan is without; return what the command said last."""
    if plan.plans == "none":
        return "no plans"
    terms = ("--version", "1", "--valid-from", _IN_FORCE_FROM, "--backdate", "--broker", bootstrap)
    return last_line(run("plan", "load", str(plans), *terms).text)


async def refuse_used(watch: Watch, bootstrap: str) -> None:
    """Raise CommandError when the broker has CDRs or entries already: the counts would mix."""
    for topic in (CDR_RAW, *ACCOUNT_SOURCES, LEDGER):
        if held := await watch.records(topic.name):
            raise CommandError(
                f"{topic.name} on {bootstrap} holds {held:,} records already; this run would mix"
                " with them: unset RATER_BROKER to use a broker of its own, or name an empty one"
            )


async def open_accounts(bootstrap: str, workload: Workload, watch: Watch, worker: Service) -> int:
    """Publish the account commands and wait until the worker has accepted them; return how many."""
    return await publish_commands(
        bootstrap, by_topic(workload.commands()), taking(watch, worker.check)
    )


def taking(
    watch: Watch, alive: Callable[[], None], timeout_s: float = _COMMANDS_TIMEOUT_S
) -> Callable[[str], Awaitable[None]]:
    """Return what waits until charging has taken all of a topic."""

    async def taken(topic: str) -> None:
        await watch.until_done(topic, timeout_s=timeout_s, alive=alive)

    return taken


def last_line(text: str) -> str:
    """Return the last line that is not empty."""
    written = [line for line in text.splitlines() if line.strip()]
    return written[-1] if written else ""
