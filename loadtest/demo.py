"""The demo: a hundred thousand CDRs charged on a real Kafka, accounts refilled, and the proof that it was right.

`python -m loadtest.demo` is what `make demo` runs. It tells each step in one line, and leaves
nothing running: not after a failure, not after Ctrl-C. Exit code 0: charged, and every check clean.
With --secure (`make demo SECURE=1`) all of it happens on a broker with TLS on which each service, each command and
each of the demo's own clients logs in as its role, with the rights of that role and no more.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

from loadtest import logins, oracle, report, stage, user_oracle
from loadtest.broker import RunningBroker, running_broker
from loadtest.circle.cast import Cast
from loadtest.circle.show import show
from loadtest.drive import publish_acts
from loadtest.generate import Workload
from loadtest.odd_play import OddPlay
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms, run
from loadtest.service import Worker
from loadtest.watch import LateError, watching
from topics.catalog import CDR_RAW
from topics.numerals import whole_number

CHARGING_TIMEOUT_S = 180.0
CIRCLE_TENANTS = 60
HOLDERS = 20
USERS = 2
POST_PAID = PROMOTIONAL = 20.0
LATE = 5.0
"""In the first days of a month these calls are of the last one."""


async def demo(plan: Plan, *, secure: bool = False) -> bool:
    """Run it all; return whether every check was clean."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel)
    say("1. Kafka: starting an empty broker, unless RATER_BROKER names one")
    with running_broker("demo", secure=secure) as broker:
        origin = "started for this run" if broker.own else "named by RATER_BROKER"
        say(f"   {broker.bootstrap}, {origin}")
        if place := logins.folder():
            say(
                "   secured: TLS and a login for each role, with the rights of `rater topics acls`;"
            )
            say(f"   each command, service and reader logs in as its role ({place})")
        workload = await _set_up(broker, plan)
        odd = OddPlay(plan, workload.partitions)
        odd.load_deck(broker.bootstrap)
        await _play(broker, workload, odd)
        say("7. report: reading the topics back")
        findings = await report.gather(broker.bootstrap)
        say()
        for line in report.lines(findings):
            say("   " + line)
        say()
        as_planned = _compare(findings, workload, odd)
        with tempfile.TemporaryDirectory(prefix="rater-circle-") as folder:
            say("9. circle: accounts run low, are refilled, and their people are told")
            cast = Cast(CIRCLE_TENANTS, now_ms(), partitions=workload.partitions)
            agreed = await show(broker.bootstrap, Path(folder), cast)
        return _reconcile(broker) and as_planned and agreed


async def _set_up(broker: RunningBroker, plan: Plan) -> Workload:
    say("2. topics: creating them")
    say(f"   {stage.create_topics(broker.bootstrap)}")
    async with watching(broker.bootstrap) as watch:
        await stage.refuse_used(watch, broker.bootstrap)
        partitions = len(await watch.ends(CDR_RAW.name))
    say(
        "3. rates: loading the sample deck, worldwide, invented prices; and plans, for some accounts"
    )
    say(f"   {stage.load_deck(broker.bootstrap, plan)}")
    say(f"   plans: {stage.load_plans(broker.bootstrap, plan)}")
    return Workload(plan, stage.SAMPLE_DECK, partitions)


async def _play(broker: RunningBroker, workload: Workload, odd: OddPlay) -> None:
    """Start a worker, open the accounts, publish the CDRs and the oddities, wait, stop the worker."""
    plan, bootstrap = workload.plan, broker.bootstrap
    with tempfile.TemporaryDirectory(prefix="rater-demo-") as folder:
        log = Path(folder) / "worker.log"
        say("4. worker: starting `rater worker charging`")
        async with watching(bootstrap) as watch:
            with Worker(bootstrap, log) as worker:
                say(f"5. accounts: opening and funding {plan.tenants:,}")
                try:
                    count = await odd.open_accounts(bootstrap, stage.taking(watch, worker.check))
                    count += await stage.open_accounts(bootstrap, workload, watch, worker)
                    say(f"   {count:,} commands taken, some of each kind that must be refused")
                    say(f"6. calls: publishing {plan.cdrs:,} CDRs while the worker charges them")
                    began = time.monotonic()
                    changed = await publish_acts(
                        bootstrap, workload, stage.taking(watch, worker.check, CHARGING_TIMEOUT_S)
                    )
                    say(
                        f"   amid them {changed:,} changes of licences, users, limits and how it is paid"
                    )
                    cases = await odd.publish_cdrs(bootstrap, workload)
                    say(f"   and {cases} odd cases: everything that a CDR can come to, once")
                    published_s = time.monotonic() - began
                    await watch.until_done(
                        CDR_RAW.name, timeout_s=CHARGING_TIMEOUT_S, alive=worker.check
                    )
                    charged_s = time.monotonic() - began
                except LateError as late:
                    raise CommandError(f"{late}\n{worker.last_lines()}") from late
            say(
                f"   published in {published_s:.1f} s, charged after {charged_s:.1f} s:"
                f" {plan.cdrs / charged_s:,.0f} CDRs/s, making and publishing them included"
            )
            say("   worker stopped in order")


def _compare(findings: report.Findings, workload: Workload, odd: OddPlay) -> bool:
    """Compare with what the generator says must come out, by its own reading of the deck."""
    expected = workload.expected
    problems = oracle.compare_outcomes(findings.outcomes, expected)
    problems += oracle.compare_with_plan(findings.folds, expected)
    problems += user_oracle.compare(findings.counts_of_users, findings.users, expected)
    problems += odd.problems(findings.rejected)
    if not problems:
        say(
            "8. generator: every outcome, and every account's balance and pools, are what it predicted,"
            " lot by lot, month by month"
            f" ({len(findings.folds):,} accounts, {len(findings.users):,} users)"
        )
        return True
    say(f"8. generator: {len(problems)} things are not what it predicted")
    for problem in problems[:10]:
        say(f"   {problem}")
    return False


def _reconcile(broker: RunningBroker) -> bool:
    """Let `rater reconcile` prove the topics; return whether it found them clean."""
    say("10. reconciler: `rater reconcile` reads the topics alone")
    done = run("reconcile", "--broker", broker.bootstrap, accepted=(0, 1), timeout_s=300.0)
    for line in done.text.splitlines():
        say("   " + line)
    say(f"   verdict: {'clean' if done.code == 0 else 'a difference'}")
    return done.code == 0


def _cancel() -> None:
    """Take SIGTERM as Ctrl-C is taken: unwind, and leave nothing running."""
    for task in asyncio.all_tasks():
        task.cancel()


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.demo", description=__doc__)
    parser.add_argument("--cdrs", type=whole_number, default=100_000)
    parser.add_argument("--tenants", type=whole_number, default=1_000)
    parser.add_argument("--seed", type=whole_number, default=1)
    parser.add_argument(
        "--secure", action="store_true", help="on a broker with TLS, logins and access rules"
    )
    asked = parser.parse_args(arguments)
    plan = Plan(
        start_ms=now_ms(),
        seed=asked.seed,
        tenants=asked.tenants,
        cdrs=asked.cdrs,
        plans="drawn",
        holders=HOLDERS,
        users=USERS,
        post_paid=POST_PAID,
        promotional=PROMOTIONAL,
        late=LATE,
        changes=1,
    )
    began = time.monotonic()
    try:
        clean = asyncio.run(demo(plan, secure=asked.secure))
    except (CommandError, LateError, logins.LoginError) as error:
        say(f"failed: {error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; nothing is left running")
        return 130
    say(f"done in {time.monotonic() - began:.0f} s; nothing is left running")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
