"""`python -m loadtest.bench`, which `make bench` runs: one JSON line last.

Without options: one worker on a real Kafka against two references (`one_worker`). With --workers N:
the whole machine, N workers against Kafka Streams with N threads (`machine`). With --against REV:
pairs of runs by turns, this working tree and another commit (`against`). With --plans drawn pools
pay what they have of the calls of all tenants; with --with-and-without pairs of runs, with plans and
without (`plans`). With --users N each tenant has so many, and with --post-paid P some tenants pay later.
Exit code 0: measured, and the money is right.
"""

import argparse
import asyncio
import json
import sys
from typing import get_args

from loadtest.bench import against, machine, one_worker, plans
from loadtest.bench.modules import Results
from loadtest.plan import CORRECTIONS_HELP, PLANS_HELP, POST_PAID_HELP, USERS_HELP, Plan, Plans
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms
from loadtest.watch import LateError
from topics.numerals import decimal_number, whole_number

_CDRS = 600_000
_CDRS_A_WORKER = 600_000
_CHECKS = ("money_ok", "reconciled", "as_predicted", "streams_as_predicted")


def main(arguments: list[str] | None = None) -> int:
    """Run a benchmark; return the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.against and asked.workers:
        parser.error("--against compares one worker: give it without --workers")
    if asked.with_and_without and (asked.plans == "none" or asked.against or asked.workers):
        parser.error("--with-and-without compares --plans with none: without --against, --workers")
    if asked.pairs <= 1:
        parser.error(f"--pairs {asked.pairs}: an interval needs at least 2")
    try:
        results = _measure(asked)
    except (CommandError, LateError, ValueError) as error:
        say(f"failed: {error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; nothing is left running")
        return 130
    _table(results)
    say(json.dumps(results))
    return 0 if all(results.get(check, True) for check in _CHECKS) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench", description=__doc__)
    parser.add_argument(
        "--cdrs", type=whole_number, help="600,000 unless given; that many for each worker"
    )
    parser.add_argument("--tenants", type=whole_number, default=1_000)
    parser.add_argument("--seed", type=whole_number, default=1)
    parser.add_argument("--core-only", action="store_true", help="without Kafka")
    parser.add_argument("--worker-only", action="store_true", help="without core and references")
    parser.add_argument("--workers", type=whole_number, help="so many, against Kafka Streams")
    parser.add_argument("--against", metavar="REV", help="a commit to compare this one with")
    parser.add_argument(
        "--pairs", type=whole_number, default=5, help="of runs, where two are compared"
    )
    parser.add_argument("--plans", choices=get_args(Plans), default="none", help=PLANS_HELP)
    parser.add_argument("--users", type=whole_number, default=0, help=USERS_HELP)
    parser.add_argument("--post-paid", type=decimal_number, default=0.0, help=POST_PAID_HELP)
    parser.add_argument("--corrections", type=decimal_number, default=0.0, help=CORRECTIONS_HELP)
    parser.add_argument("--with-and-without", action="store_true", help="--plans against none")
    return parser


def _measure(asked: argparse.Namespace) -> Results:
    cdrs = asked.cdrs or max(_CDRS, _CDRS_A_WORKER * (asked.workers or 1))
    plan = Plan(
        start_ms=now_ms(),
        seed=asked.seed,
        tenants=asked.tenants,
        cdrs=cdrs,
        plans=asked.plans,
        users=asked.users,
        post_paid=asked.post_paid,
        corrections=asked.corrections,
    )
    if asked.with_and_without:
        return plans.measure(plan, asked.pairs, core_only=asked.core_only)
    if asked.against:
        return against.measure(plan, asked.against, asked.pairs, core_only=asked.core_only)
    if asked.core_only:
        return one_worker.measure_core(plan)
    if asked.workers:
        return asyncio.run(machine.measure(plan, asked.workers))
    return asyncio.run(one_worker.measure(plan, worker_only=asked.worker_only))


def _table(results: Results) -> None:
    say()
    for name, value in results.items():
        shown = f"{value:,}" if type(value) in {int, float} else str(value)
        say(f"{name:<28} {shown:>14}")
    say()


if __name__ == "__main__":
    sys.exit(main())
