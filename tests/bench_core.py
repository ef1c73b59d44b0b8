"""The core alone: microseconds of CPU per CDR for decode, decide and encode, without Kafka.

`python -m tests.bench_core` prints one line of JSON. It runs what `rater.shell.step` runs between
two waits, in batches of one partition: read and hash the ids, look them up, rate, draw, post;
encode all that is written, pack the manifest; apply. The money is checked at the end.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from loadtest import licences, oracle, user_oracle
from loadtest.allowances import LOAD_PLANS
from loadtest.drive import by_topic
from loadtest.generate import Workload
from loadtest.plan import PLANS_HELP, POST_PAID_HELP, USERS_HELP, Plan, Plans
from rater.batch.charging.batch import decide
from rater.batch.charging.cdr_batch import CdrBatch
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.shell.admin.plan_check import check_plans
from rater.shell.process.hot_path import is_compiled
from rater.shell.stream.pieces import PIECE_RECORDS, pieces
from rater.wire.pricing.deck_files import read_deck_file
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.currencies import shipped_book
from topics.catalog import LEDGER, USER_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loadtest.accounts import Record
    from loadtest.expected import Expected
    from rater.batch.charging.decision import Decision
from rater.batch.outputs import Output

SAMPLE_DECK = Path(__file__).resolve().parents[1] / "rater" / "data" / "sample_deck.csv"
_WARM_UP = 10
"""One in so many CDRs goes before the measurement: caches fill, tables grow."""
_BATCH_MIN = 1_000
_CDRS = "cdrs"


@dataclass(slots=True)
class Stored:
    """A record as a worker gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class CoreRun:
    """All partitions of a worker in memory; adds up what is written, and the time it takes."""

    def __init__(
        self, plan: Plan, partitions: int, deck: Path = SAMPLE_DECK, piece: int = PIECE_RECORDS
    ) -> None:
        """Load the deck; no account is open yet."""
        book = DeckBook.of([read_deck_file(deck, deck_id=plan.deck_id, currency=plan.currency)])
        self.rules = Rules(book, load_numbers(), shipped_book())
        if plan.plans != "none":
            checked = check_plans(LOAD_PLANS.read_bytes(), 1, licences.VALID_FROM)
            assert checked.catalog is not None, checked.errors
            self.rules = self.rules.with_plans(PlanBook([checked.catalog], zone_of))
        self.at_ms = plan.start_ms
        self.shards = [Shard.empty(number) for number in range(partitions)]
        self.outcomes: Counter[str] = Counter()
        self._ledger: list[bytes] = []
        self._statuses: dict[bytes | None, bytes | None] = {}
        self.piece = piece
        self.stage_s = {"decode": 0.0, "decide": 0.0, "encode": 0.0}
        self.batches_us: list[float] = []
        """What a CDR cost in each batch that was not a small remainder."""
        self._ends: Counter[tuple[str, int]] = Counter()
        self.cdrs_a_second = 0
        """Of the stream's time, which is that of the records; 0: it stands still."""
        self._given = 0

    def open_accounts(self, commands: Iterable[Record]) -> None:
        """Carry out the commands."""
        for topic, given in by_topic(commands).items():
            for partition, records in self._batches(topic, given):
                shard = self.shards[partition]
                decision = decide(shard, topic, records, self.rules, len(self.shards))
                self._keep(decision.outputs())
                self._write(shard, decision, records)

    def charge(self, cdrs: Iterable[Record]) -> int:
        """Charge CDRs, timing every stage; return how many."""
        count = 0
        for partition, records in self._batches(_CDRS, cdrs):
            shard = self.shards[partition]
            clock = time.process_time
            batch = CdrBatch(shard, self.rules, len(self.shards))
            decision = batch.decision
            spent = [0.0, 0.0, 0.0]
            for piece in pieces(records, self.piece):
                began = clock()
                batch.read(piece)
                decoded = clock()
                batch.decide()
                decided = clock()
                outputs = decision.outputs()
                done = clock()
                self._keep(outputs)
                for stage, seconds in enumerate(
                    (decoded - began, decided - decoded, done - decided)
                ):
                    spent[stage] += seconds
            began = clock()
            self._write(shard, decision, records)
            spent[2] += clock() - began
            for name, seconds in zip(self.stage_s, spent, strict=True):
                self.stage_s[name] += seconds
            if len(records) >= _BATCH_MIN:
                self.batches_us.append(sum(spent) / len(records) * 1e6)
            self.outcomes.update(decision.outcomes)
            count += len(records)
        return count

    def _keep(self, outputs: Sequence[Output]) -> None:
        """Keep the entries as the record builder does: their bytes, not the objects."""
        written = dict(outputs)
        self._keep_entries([value or b"" for _, value in written[LEDGER.name]])
        self._statuses.update(written[USER_STATUS.name])

    def _keep_entries(self, values: list[bytes]) -> None:
        if values:
            self._ledger.append(b"\n".join(values))

    def problems(self, expected: Expected) -> list[str]:
        """Name what is not as the plan implies: outcomes, money, pools, and what is kept and told of users."""
        return [
            *oracle.compare_outcomes(self.outcomes, expected),
            *oracle.compare_with_plan(oracle.fold(self.ledger()), expected),
            *self.problems_of_users(expected),
        ]

    def problems_of_users(self, expected: Expected) -> list[str]:
        """Name what is kept and told of users and is not as the plan implies."""
        rows, statuses = user_oracle.kept(self.rows()), self._statuses.values()
        return user_oracle.compare(rows, user_oracle.latest(statuses), expected)

    def rows(self) -> list[bytes]:
        """Return what is kept of the users."""
        return [value for shard in self.shards for _, value in shard.users.items()]

    def ledger(self) -> Iterator[bytes]:
        """Iterate over all entries."""
        for lines in self._ledger:
            yield from lines.split(b"\n")

    def _write(self, shard: Shard, decision: Decision, records: list[Stored]) -> None:
        """Encode the state and the manifest, then apply all."""
        decision.changelogs()
        decision.place(
            {
                topic: self._offsets(topic, shard.partition, decision.taken[topic])
                for topic in decision.PLACED
            }
        )
        decision.manifest(records[0].offset, records[-1].offset + 1)
        shard.apply(decision)

    def _batches(self, topic: str, records: Iterable[Record]) -> Iterable[tuple[int, list[Stored]]]:
        """Cut records into batches of one partition each."""
        waiting: dict[int, list[Stored]] = {}
        for partition, key, value in records:
            batch = waiting.setdefault(partition, [])
            offset = self._offsets(topic, partition, 1)[0]
            batch.append(Stored(offset, self._now_ms(topic), key, value))
            if len(batch) == RECORDS_PER_BATCH:
                yield partition, waiting.pop(partition)
        yield from waiting.items()

    def _now_ms(self, topic: str) -> int:
        """Return the time of the next record of a topic; what opens accounts is all of one time."""
        if topic != _CDRS or not self.cdrs_a_second:
            return self.at_ms
        self._given += 1
        return self.at_ms + self._given * 1_000 // self.cdrs_a_second

    def _offsets(self, topic: str, partition: int, count: int) -> range:
        first = self._ends[topic, partition]
        self._ends[topic, partition] += count
        return range(first, first + count)


def prepared(plan: Plan, piece: int = PIECE_RECORDS) -> tuple[Workload, CoreRun, list[Record]]:
    """Open a plan's accounts; return what is to be charged, for it is made before it is measured."""
    workload = Workload(plan, SAMPLE_DECK)
    run = CoreRun(plan, workload.partitions, piece=piece)
    run.open_accounts(list(workload.commands()))
    cdrs = list(workload.cdrs())
    # As the worker does (rater.shell.charging.worker).
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    return workload, run, cdrs


def measure(plan: Plan, piece: int = PIECE_RECORDS) -> dict[str, object]:
    """Charge a plan's CDRs; return the measurement, and whether the money came out right."""
    workload, run, cdrs = prepared(plan, piece)
    warm = len(cdrs) // _WARM_UP
    run.charge(cdrs[:warm])
    run.stage_s = dict.fromkeys(run.stage_s, 0.0)
    run.batches_us.clear()
    count = run.charge(cdrs[warm:])
    problems = run.problems(workload.expected)
    return {
        "core_us_per_cdr": _micros(sum(run.stage_s.values()), count),
        "core_p20_us_per_cdr": round(percentile_20(run.batches_us), 2),
        **{f"{stage}_us": _micros(spent, count) for stage, spent in run.stage_s.items()},
        "compiled": is_compiled(),
        "plans": plan.plans,
        "users": plan.users,
        "post_paid": plan.post_paid,
        "pooled": workload.expected.pooled,
        "cdrs": count,
        "money_ok": not problems,
        "problems": problems[:5],
    }


def percentile_20(values: Sequence[float]) -> float:
    """Return what a fifth of the values do not exceed; 0.0 without any.

    The quicker batches are those that others on the machine have disturbed least.
    """
    return sorted(values)[(len(values) - 1) // 5] if values else 0.0


def _micros(seconds: float, count: int) -> float:
    return round(seconds / count * 1e6, 2) if count else 0.0


def main() -> None:
    """Measure and print one line of JSON; exit code 1 when the money is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_core", description=__doc__)
    parser.add_argument("--cdrs", type=int, default=200_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plans", choices=get_args(Plans), default="none", help=PLANS_HELP)
    parser.add_argument("--users", type=int, default=0, help=USERS_HELP)
    parser.add_argument("--post-paid", type=float, default=0.0, help=POST_PAID_HELP)
    parser.add_argument("--piece", type=int, default=PIECE_RECORDS, help="records of a piece")
    asked = parser.parse_args()
    now_ms = time.time_ns() // 1_000_000
    plan = Plan(
        start_ms=now_ms,
        seed=asked.seed,
        tenants=asked.tenants,
        cdrs=asked.cdrs,
        plans=asked.plans,
        users=asked.users,
        post_paid=asked.post_paid,
    )
    result = measure(plan, asked.piece)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["money_ok"] else 1)


if __name__ == "__main__":
    main()
