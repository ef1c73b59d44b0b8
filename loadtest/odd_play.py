"""The odd play: every oddity and every refusal once, published beside the traffic of a plan."""

import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from loadtest import stage
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.generate import Workload
from loadtest.oddities import CASES, DECK_ID, Scene
from loadtest.plan import Plan
from loadtest.refusals import ACCEPTED, refusals
from topics.catalog import CDR_RAW


class OddPlay:
    """The cases as of a plan's start; call its methods in their order here."""

    def __init__(self, plan: Plan, partitions: int) -> None:
        """Nothing is published yet."""
        self.scene = Scene(plan.start_ms, partitions)
        self.plan = plan
        self.refused: Counter[str] = Counter()
        """Refusals to be expected, by reason."""

    def load_deck(self, bootstrap: str) -> None:
        """Publish the deck of the cases."""
        with tempfile.TemporaryDirectory(prefix="rater-odd-") as folder:
            sheet = Path(folder) / "odd.csv"
            sheet.write_bytes(self.scene.deck())
            stage.load_deck(bootstrap, self.plan, sheet, DECK_ID)

    async def open_accounts(self, bootstrap: str, taken: Callable[[str], Awaitable[None]]) -> int:
        """Publish the accounts of the cases, and the commands that are refused; return how many."""
        commands = by_topic(self.scene.commands())
        for reason, topic, command in refusals(self.scene):
            self.refused[reason] += reason != ACCEPTED
            commands.setdefault(topic, []).append(command)
        return await publish_commands(bootstrap, commands, taken)

    async def publish_cdrs(self, bootstrap: str, workload: Workload) -> int:
        """Publish the CDRs, and add to the workload's expectation what becomes of them; return how many cases."""
        records = list(self.scene.cdrs(workload.expected))
        await publish(bootstrap, CDR_RAW.name, records, len(records))
        return len(CASES)

    def problems(self, rejected: Counter[str]) -> list[str]:
        """Name every reason for which commands were not refused as often as the cases imply."""
        return [
            f"rejected {reason}: found {rejected[reason]}, expected {self.refused[reason]}"
            for reason in sorted(rejected.keys() | self.refused.keys())
            if rejected[reason] != self.refused[reason]
        ]
