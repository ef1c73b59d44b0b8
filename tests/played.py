"""All stories, told once: every decision, and every record that was written, for tests of what is counted."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from rater.batch.charging.decision import Decision
from rater.batch.recharge.decision import RechargeDecision
from rater.batch.simulate import Simulator
from rater.wire.lines import Line
from tests.story import FOLDER, run_story
from topics.catalog import LEDGER


class Played:
    """All stories, told once: every decision of charging, and every record that was written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decisions: list[Decision] = []
        self.recharges: list[RechargeDecision] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []
        commit = Simulator._commit

        def noting(simulator: Simulator, state: Any, decision: Any, at_ms: int) -> Iterator[Line]:
            for line in commit(simulator, state, decision, at_ms):
                if line.value is not None and line.value[:1] == b"{":
                    self.lines.append((line.topic, json.loads(line.value)))
                yield line
            if isinstance(decision, Decision):
                self.decisions.append(decision)
            else:
                self.recharges.append(decision)

        monkeypatch.setattr(Simulator, "_commit", noting)
        for path in sorted(FOLDER.glob("*.txt")):
            run_story(path.read_text())

    def of(self, topic: str) -> list[dict[str, Any]]:
        return [value for name, value in self.lines if name == topic]

    def entries(self) -> list[dict[str, Any]]:
        return self.of(LEDGER.name)


@cache
def played() -> Played:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return Played(monkeypatch)
