"""`python -m tests.chaos`, which `make chaos` runs: deeds from a seed, one after the other, and the verdict.

A play of its own for each so many deeds (`--deeds-a-play`), on a broker of its own, so that one that fails is short.
With `--shrink N` a schedule that fails is made shorter by so many more plays. The last line is one JSON object. Exit
code 0: everything was right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from loadtest.progress import say
from loadtest.rater_command import CommandError
from loadtest.watch import LateError
from tests.chaos.play import Played, Size, perform
from tests.chaos.schedule import Deed, schedule
from tests.chaos.shrinking import shrunk
from tests.e2e.broker import own_broker
from topics.numerals import whole_number


def play(deeds: Sequence[Deed], size: Size, seed: int) -> Played:
    """Play on a broker of its own, which is removed."""
    broker = own_broker()
    try:
        broker.start()
        with tempfile.TemporaryDirectory(prefix="rater-chaos-") as folder:
            return asyncio.run(perform(broker, Path(folder), deeds, size, seed))
    finally:
        broker.remove()


def fails(deeds: Sequence[Deed], size: Size, seed: int) -> bool:
    """Say whether a schedule leads to anything that is wrong."""
    try:
        found = play(deeds, size, seed)
    except (CommandError, LateError) as error:
        say(f"   {len(deeds)} deeds: {str(error).splitlines()[0]}")
        return True
    say(f"   {len(deeds)} deeds: {len(found.problems)} problems")
    return bool(found.problems)


def main(arguments: list[str] | None = None) -> int:
    """Play; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=whole_number, default=time.time_ns() % 1_000_000)
    parser.add_argument("--deeds", type=whole_number, default=30)
    parser.add_argument("--deeds-a-play", type=whole_number, default=15)
    parser.add_argument(
        "--shrink", type=whole_number, default=0, help="plays to shorten one that fails"
    )
    asked = parser.parse_args(arguments)
    say(f"seed {asked.seed}: {asked.deeds} deeds")
    deeds, began = schedule(asked.seed, asked.deeds), time.monotonic()
    plays: list[Played] = []
    for first in range(0, len(deeds), asked.deeds_a_play):
        some = deeds[first : first + asked.deeds_a_play]
        for deed in some:
            say(f"   {deed}")
        found = play(some, Size(), asked.seed)
        plays.append(found)
        if found.problems:
            for problem in found.problems[:20]:
                say(f"   wrong: {problem}")
            if asked.shrink:
                for deed in shrunk(
                    some, lambda part: fails(part, Size(), asked.seed), asked.shrink
                ):
                    say(f"   fails with: {deed}")
            break
    said = summary(plays)
    say(json.dumps({"seed": asked.seed, "seconds": round(time.monotonic() - began), **said}))
    return 1 if said["problems"] else 0


def summary(plays: Sequence[Played]) -> dict[str, object]:
    """Return what was done in all plays, and how long recovery took."""
    kills: Counter[str] = sum((each.done.kills for each in plays), Counter())
    kinds: Counter[str] = sum((each.done.kinds for each in plays), Counter())
    by_whom: dict[str, list[float]] = {}
    for each in plays:
        for whom, took_s in each.done.recovered_s:
            by_whom.setdefault(whom, []).append(took_s)
    return {
        "problems": sum(len(each.problems) for each in plays),
        "kills": kills.total(),
        "kills_by": dict(kills),
        "looked_inside": sum(each.done.looked for each in plays),
        "inside_open_transactions": sum(each.done.inside for each in plays),
        "deeds": dict(sorted(kinds.items())),
        "not_reached": sorted(place for each in plays for place in each.done.not_reached),
        "ended_by_themselves": sum(each.restarted for each in plays),
        "cdrs": sum(each.cdrs for each in plays),
        "ledger_entries": sum(each.entries for each in plays),
        "captures": sum(each.captures for each in plays),
        "mails": sum(each.mails for each in plays),
        "recovered_s": {
            whom: {
                "times": len(took),
                "median": round(statistics.median(took), 2),
                "most": round(max(took), 2),
            }
            for whom, took in sorted(by_whom.items())
        },
    }


if __name__ == "__main__":
    sys.exit(main())
