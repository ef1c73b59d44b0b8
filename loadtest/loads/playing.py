"""Playing: a load on a broker, act by act, while a rater charges it: accounts are opened before their calls come."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtest import stage
from loadtest.drive import publish
from loadtest.loads.faults import LoadError
from loadtest.loads.folder import DECK, PLANS, plan_of
from loadtest.loads.lines import record_of
from loadtest.replay.sources import Source
from loadtest.watch import watching
from topics.catalog import CDR_RAW

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from loadtest.accounts import Record
    from loadtest.loads.folder import Act, File, Manifest
    from loadtest.watch import Watch


@dataclass(frozen=True, slots=True)
class Player:
    """What is played, and where; `alive` may raise when waiting is in vain, `timeout_s` is for each wait."""

    bootstrap: str
    folder: Path
    manifest: Manifest
    timeout_s: float
    is_opening: bool = False
    """Only the commands of the first act are sent, and no CDR."""
    alive: Callable[[], None] = lambda: None

    async def play(self) -> dict[str, float]:
        """Load deck and plans, open the accounts, send the CDRs, and wait until charging has taken everything.

        The topics must be there, and empty of CDRs and of entries: else CommandError, or LoadError. LateError: charging
        did not take it in time, or is not there.
        """
        async with watching(self.bootstrap) as watch:
            await self._refuse(watch)
            plan = plan_of(self.manifest)
            stage.load_deck(self.bootstrap, plan, self.folder / DECK)
            stage.load_plans(self.bootstrap, plan, self.folder / PLANS)
            taken = stage.taking(watch, self.alive, self.timeout_s)
            began_s, cdrs = 0.0, 0
            for act in self.manifest.acts:
                await self._commands(act, taken)
                if self.is_opening:
                    return {"commands": sum(file.records for file in act.commands), "cdrs": 0}
                began_s = began_s or time.monotonic()
                cdrs += await self._send(act.cdrs)
                await taken(CDR_RAW.name)
        seconds = time.monotonic() - began_s
        return {"cdrs": cdrs, "seconds": round(seconds, 3), "cdrs_per_s": round(cdrs / seconds)}

    async def _refuse(self, watch: Watch) -> None:
        await stage.refuse_used(watch, self.bootstrap)
        partitions = len(await watch.ends(CDR_RAW.name))
        if partitions != self.manifest.partitions:
            raise LoadError(
                f"{CDR_RAW.name} on {self.bootstrap} has {partitions} partitions, the load was made for"
                f" {self.manifest.partitions}: generate it with --partitions {partitions}"
            )

    async def _commands(self, act: Act, taken: Callable[[str], Awaitable[None]]) -> None:
        for file in act.commands:
            await self._send(file)
            await taken(file.topic)

    async def _send(self, file: File) -> int:
        return await publish(self.bootstrap, file.topic, self._records(file), file.records)

    def _records(self, file: File) -> Iterator[Record]:
        path = self.folder / file.name
        for number, line in enumerate(Source(str(path), "jsonl").records(), 1):
            try:
                yield record_of(line, self.manifest.partitions)
            except LoadError as error:
                raise LoadError(f"{path}: line {number}: {error}") from None
