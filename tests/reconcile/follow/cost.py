"""Cost: what the follower spends on a CDR, and how long it takes to go on from its checkpoints.

    RATER_INTERPRETED=1 python -m tests.reconcile.follow.cost --cdrs 20000 --accounts 2000 --window 5000

An honest worker in memory writes the records; reading them from Kafka is not in it. Times are of the processor.
`--instructions` has callgrind count instead (`apt-get install valgrind`): the same whatever else the machine does.
"""

import argparse
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from rater.reconcile.follow.checkpoint import Checkpoints
from rater.reconcile.follow.partition import Partition
from tests.reconcile.follow.days import Ends, begin, follow, part_of, published_in
from tests.reconcile.honest_worker import PARTITIONS, HonestWorker
from tests.reconcile.tampering import Topics

_BATCH = 1_000
_EVERY_MS = 20


def lived(cdrs: int, accounts: int, window: int) -> tuple[Topics, list[Ends]]:
    """Return topics with so many CDRs, and where they ended after each window."""
    worker = HonestWorker()
    names = [f"tenant-{number}" for number in range(accounts)]
    for name in names:
        worker.command(name, "open_account", currency="USD", decks=["acs"])
        worker.fund(name, "A", 500_000_000)
    worker.work(_BATCH)
    turns = [dict(worker.ends)]
    for number in range(cdrs):
        worker.now_ms += _EVERY_MS
        worker.call(names[number % accounts], f"c{number}", billsec=1 + number % 600)
        if (number + 1) % window == 0:
            worker.work(_BATCH)
            turns.append(dict(worker.ends))
    return dict(worker.topics), [*turns, dict(worker.ends)]


def measure(topics: Topics, turns: list[Ends]) -> tuple[float, list[Partition]]:
    """Follow all turns; return the seconds of those after the first, and the partitions at the end."""
    partitions, published, seconds = begin(), published_in(topics), 0.0
    for number in range(len(turns)):
        part = part_of(topics, turns, number)
        begun = process_time()
        assert follow(partitions, part, published) == []
        seconds += process_time() - begun if number else 0.0
    return seconds, partitions


def instructions(cdrs: int, accounts: int, window: int) -> int:
    """Return the instructions of following a CDR: what following twice takes more than following once."""
    once, twice = (_counted(cdrs, accounts, window, times) for times in (1, 2))
    return (twice - once) // cdrs


def _counted(cdrs: int, accounts: int, window: int, times: int) -> int:
    counting = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable)
    plan = (f"--cdrs={cdrs}", f"--accounts={accounts}", f"--window={window}", f"--times={times}")
    ran = subprocess.run(
        (*counting, "-m", "tests.reconcile.follow.cost", *plan),
        env=os.environ | {"PYTHONHASHSEED": "0", "RATER_INTERPRETED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    counted = re.search(r"Collected : (\d+)", ran.stderr)
    assert counted is not None, ran.stderr
    return int(counted[1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in (("cdrs", 20_000), ("accounts", 2_000), ("window", 5_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rounds", type=int, default=1, help="follow so often; the least counts")
    parser.add_argument("--instructions", action="store_true", help="count instructions")
    parser.add_argument("--times", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if asked.instructions:
        print(f"{instructions(asked.cdrs, asked.accounts, asked.window):,} instructions a CDR")
        return
    topics, turns = lived(asked.cdrs, asked.accounts, asked.window)
    if asked.times:
        for _ in range(asked.times):
            measure(topics, turns)
        return
    rounds = [measure(topics, turns) for _ in range(asked.rounds)]
    seconds, partitions = min(rounds, key=lambda each: each[0])
    print(f"{seconds / asked.cdrs * 1e6:.0f} us of CPU a CDR")
    with TemporaryDirectory() as folder:
        kept = Checkpoints(Path(folder), "cost", PARTITIONS)
        begun = process_time()
        for part in partitions:
            kept.save(part)
        saved = process_time()
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        for number in range(PARTITIONS):
            kept.load(number)
        loaded = process_time()
    each = 1e6 / asked.accounts
    print(
        f"checkpoint: {size / asked.accounts:.0f} bytes an account, "
        f"{(saved - begun) * each:.0f} us to write, {(loaded - saved) * each:.0f} us to read"
    )


if __name__ == "__main__":
    main()
