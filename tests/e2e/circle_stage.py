"""The stage of a play with all services: its end, and what the provider's book and the mailbox say to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtest.circle import truth
from loadtest.circle.quiet import until_quiet
from loadtest.drive import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from loadtest.circle.services import Circle

DELIVERIES = 8
"""E-mails that a notifier sends at once: so many may be in doubt when it is killed."""
QUIET_S = 180.0


@dataclass
class Played:
    """What a play did."""

    kills: dict[str, int]
    evidence: truth.Evidence


async def settled(played: Circle, alive: Callable[[], None] | None = None) -> truth.Evidence:
    """Wait until every payment has its result, and what the provider takes back is on the accounts; not for ever."""
    for _ in range(10):
        await until_quiet(played.bootstrap, timeout_s=QUIET_S, alive=alive or played.check)
        evidence = await truth.gather(played)
        late = (truth.open_commands, truth.unposted)
        if not any(of(evidence) for of in late):
            break
    return evidence


async def send(
    bootstrap: str, topic: str, records: Sequence[tuple[int, bytes, bytes | None]]
) -> None:
    await publish(bootstrap, topic, records, len(records))


def judge(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    """Hold the topics against the provider's book and the mailbox; say what was seen."""
    evidence, kills = played.evidence, played.kills
    doubtful = kills["notifier"] * DELIVERIES
    told = truth.problems(evidence, doubtful_mails=doubtful)
    seen = {
        "kills": kills,
        "payment_commands": len(evidence.commands),
        "results": len(evidence.results),
        "captures": len(evidence.captures),
        "captured_micros": sum(micros for _, _, _, micros in evidence.captures),
        "credited_micros": sum(e["lot"]["granted_micros"] for e in evidence.credits),
        "taken_back_micros": sum(evidence.reversals.values()),
        "notifications": len(evidence.notices),
        "mails": len(evidence.mails),
        "mails_again": truth.mails_again(evidence),
        "open_commands": len(truth.open_commands(evidence)),
    }
    with capsys.disabled():
        print(json.dumps(seen))

    assert [] == told[:10]
    assert [] == truth.open_commands(evidence)
    assert evidence.captures
    assert seen["captured_micros"] == seen["credited_micros"]
