"""Sweep: the whole `rater reconcile`, in a process of its own, with a stated period.

It finds what a follower cannot: what lies behind the checkpoint, everything of recharge, and what only a whole log
shows. When the last one ended is kept beside the checkpoints, so that a start does not put it off.
"""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path

from rater.shell.follower.metrics import FollowerMetrics
from rater.shell.follower.settings import FollowerSettings
from rater.shell.process.clock import now_ms

AGAIN_S = 600.0
"""After one that could not be carried through."""
_CLEAN, _DIFFERENT = 0, 1
_SHOWN_MAX = 20
log = logging.getLogger(__name__)


class Sweeper:
    """Has the whole swept; `run` it."""

    def __init__(self, settings: FollowerSettings, metrics: FollowerMetrics) -> None:
        """Read when the last one ended."""
        self._settings = settings
        self._metrics = metrics
        folder = settings.folder
        self._file: Path | None = None if folder is None else folder / "sweep.json"
        self._ended_ms = 0
        if self._file is not None and self._file.exists():
            with suppress(ValueError, KeyError, TypeError):
                said = json.loads(self._file.read_text())
                self._ended_ms = int(said["at_ms"])
                metrics.swept(self._ended_ms, int(said["differences"]))

    async def run(self) -> None:
        """Sweep until cancelled."""
        period_s = self._settings.sweep_every_h * 3_600
        while period_s:
            await asyncio.sleep(max(0.0, self._ended_ms / 1_000 + period_s - now_ms() / 1_000))
            if not await self._sweep():
                await asyncio.sleep(AGAIN_S)

    async def _sweep(self) -> bool:
        """Sweep once; return whether it was carried through."""
        words = (sys.executable, "-m", "rater", "reconcile", "--json")
        environment = dict(os.environ)
        environment["RATER_BROKER"] = self._settings.broker_address
        if self._settings.settings is not None:
            environment["RATER_SETTINGS"] = str(self._settings.settings)
        process = await asyncio.create_subprocess_exec(
            *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            told, why = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        if process.returncode not in (_CLEAN, _DIFFERENT):
            text = why.decode(errors="replace")[-500:]
            log.error("the sweep came to nothing: %(reason)s", {"reason": text})
            return False
        self._tell(json.loads(told))
        return True

    def _tell(self, verdict: dict[str, list[dict[str, object]]]) -> None:
        differences = verdict["differences"]
        self._ended_ms = now_ms()
        self._metrics.swept(self._ended_ms, len(differences))
        for each in differences[:_SHOWN_MAX]:
            log.critical("DIFFERENCE found by the sweep: %(difference)s", {"difference": each})
        log.info("swept: %(count)d differences", {"count": len(differences)})
        if self._file is not None:
            said = {"at_ms": self._ended_ms, "differences": len(differences)}
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(said))
            beside.replace(self._file)
