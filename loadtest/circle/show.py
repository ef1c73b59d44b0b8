"""Show: the whole circle once, told in a few lines, and held against the provider's book and the mailbox."""

import time
from collections import Counter
from pathlib import Path

from loadtest.circle import truth
from loadtest.circle.cast import AMOUNT_UNITS, TRIGGER_UNITS, Cast
from loadtest.circle.quiet import until_quiet
from loadtest.circle.services import circle
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.money import micros_text
from loadtest.progress import say
from loadtest.watch import LateError
from topics.catalog import CDR_RAW

QUIET_S = 90.0
SETTLED_S = 60.0
_MAIL_LINES = 24


async def show(bootstrap: str, folder: Path, cast: Cast) -> bool:
    """Let every tenant of the cast fall below its trigger; return whether the truth agrees with the topics."""
    say("   starting charging, recharge, gateway (simulated provider), notifier and a mail server")
    with circle(bootstrap, folder) as played:
        await publish_commands(
            bootstrap,
            by_topic(cast.commands()),
            lambda _: until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.check),
        )
        say(
            f"   {cast.tenants:,} tenants, each recharged with {AMOUNT_UNITS} when below {TRIGGER_UNITS};"
            " one call takes each of them below"
        )
        calls = list(cast.calls())
        await publish(bootstrap, CDR_RAW.name, calls, len(calls))
        before: list[str] | None = None
        moved = time.monotonic()
        while True:
            await until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.check)
            evidence = await truth.gather(played)
            late = [
                *truth.open_commands(evidence),
                *truth.unheard(evidence),
                *truth.unposted(evidence),
            ]
            if not late:
                break
            # From the last progress on: a slow machine takes longer to become quiet once than all of this.
            if late != before:
                before, moved = late, time.monotonic()
            elif time.monotonic() - moved > SETTLED_S:
                raise LateError(f"without a result for {SETTLED_S:.0f} s: {late[:5]}")
    _tell(evidence)
    problems = truth.problems(evidence)
    for problem in problems[:10]:
        say(f"   {problem}")
    if not problems:
        say("   the provider's book, the mailbox and the topics agree: each capture credited once,")
        say("   one command in flight, one letter a transition")
    return not problems


def _tell(evidence: truth.Evidence) -> None:
    outcomes = Counter(_outcome(result) for _, result in evidence.results)
    captured = sum(micros for _, _, _, micros in evidence.captures)
    credited = sum(entry["lot"]["granted_micros"] for entry in evidence.credits)
    kinds = Counter(mail["kind"] for mail in evidence.mails)
    say(f"   {len(evidence.commands):,} payment commands; results: {_listed(outcomes)}")
    say(
        f"   provider captured {len(evidence.captures):,} payments, {micros_text(captured)} USD;"
        f" credited {len(evidence.credits):,} lots, {micros_text(credited)} USD"
    )
    taken = sum(evidence.reversals.values())
    signs = {"payment_reversed": 1, "payment_restored": -1}
    posted = sum(signs[entry["kind"]] * entry["moved_micros"] for entry in evidence.reversed)
    say(
        f"   refunds and disputes: provider has {micros_text(taken)} USD of {len(evidence.reversals):,} payments less,"
        f" the accounts {micros_text(posted)} USD"
    )
    say(f"   e-mails at the mail server: {_listed(kinds)}; one of them:")
    say()
    english = {n["notification_id"] for n in evidence.notices if n["language"] == "en"}
    added = (m for m in evidence.mails if m["kind"] == "funds_added")
    mail = next((m for m in added if m["notification_id"] in english), None)
    if mail is not None:
        for line in [f"To: {mail['to'][0]}", f"Subject: {mail['subject']}", "", *_text(mail)]:
            say(f"      | {line}")
    say()


def _text(mail: truth.Value) -> list[str]:
    return str(mail["text"]).rstrip().splitlines()[:_MAIL_LINES]


def _outcome(result: truth.Value) -> str:
    if result["outcome"] == "declined":
        return f"declined {result['code']}"
    return str(result["outcome"])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.most_common())
