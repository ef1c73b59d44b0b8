"""The story of a first day, played on the composition: set up, charged, recharged, told, watched, proven, stopped."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deploy.shipped.files import composition
from deploy.shipped.machine import Machine
from deploy.shipped.tools import WrongError, say
from rater.shell.canary import terms

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = (
    *("charging", "recharge", "gateway", "notifier", "gatekeeper", "watch"),
    *("reconciler", "recycler"),
)
LETTER_S = 120.0
"""For a letter, for the load to begin, for a round of the canary."""
CANARY_IN_S = 75
"""A version of the settings must be published a minute before it is in force."""
LOAD_S = 20.0
DATA = "/opt/rater/data"


def play(folder: Path) -> None:
    """Play it; WrongError names what was not as it should be."""
    with Machine(folder, composition()) as machine:
        machine.start_kafka()
        say("kafka: started by its image's own wrapper with the settings of compose.yaml")
        first, again = machine.run("set-up"), machine.run("set-up")
        _expect("set-up", first, r"set-up: \d+ logins, \d+ access rules\n(.|\n)*")
        say(f"set-up: twice; {first.splitlines()[-1]}; then: {again.splitlines()[-1]}")
        mailbox = machine.start_mail()
        for name in SERVICES:
            machine.start(name)
        for name in SERVICES:
            machine.wait_for(name)
        say(f"well: {', '.join(SERVICES)}; each read-only, with its own login and no other secret")
        since = _make_canary(machine)
        _charge(machine)
        _wait_for_letter(mailbox)
        _load(machine)
        _canary(machine, since)
        say(f"watch --once: {len(as_role(machine, 'watch', 'watch', '--once').splitlines())} lines")
        for name in (*SERVICES, "canary"):
            machine.stop(name)
        say("stopped by SIGTERM, each with 0, in the time that compose.yaml leaves it")
        proven = as_role(machine, "reconciler", "reconcile")
        _expect("reconcile", proven, r"(.|\n)*\bclean\b(.|\n)*")
        say(f"reconcile: {proven.splitlines()[-1]}")


def as_role(machine: Machine, role: str, *words: str, given: str = "") -> str:
    """Run a command of `rater` as `ROLE=role docker compose run --rm cli` does."""
    service = composition(role)["services"]["cli"]
    more = {"input": given} if given else {}
    return machine.run("cli", *words, service=service, **more)


def _expect(what: str, said: str, pattern: str) -> None:
    if not re.fullmatch(pattern, said.strip()):
        raise WrongError(f"{what}: not as it should be:\n{said}")


def _make_canary(machine: Machine) -> datetime:
    """Publish its deck, and settings that name it; return from when on."""
    since = datetime.now(UTC) + timedelta(seconds=CANARY_IN_S)
    shown = as_role(machine, "operator", "config", "show", "--shipped", "--json")
    settings = json.loads(shown) | {
        "canary_tenants": ["canary"],
        "valid_from": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    as_role(machine, "config-loader", "config", "load", "/dev/stdin", given=json.dumps(settings))
    load = ("--version", "1", "--valid-from", "2026-01-01T00:00:00Z", "--currency")
    for deck, currency in (("canary", "XTS"), ("sample", "USD")):
        file = f"{DATA}/{deck}_deck.csv"
        as_role(machine, "deck-loader", "deck", "load", file, "--deck-id", deck, *load, currency)
    opened = json.dumps(terms.opening("canary"))
    as_role(machine, "produce", "produce", "account.commands.v1", "--wait", given=opened)
    say("published: settings with a canary, decks, the canary's account")
    return since


def _charge(machine: Machine) -> None:
    """Have the example's calls charged, one by one told."""
    said = ""
    for kind, topic in (("commands", "account.commands.v1"), ("requests", "account.requests.v1"),
                        ("cdrs", "cdr.raw.v1")):  # fmt: skip
        lines = as_role(machine, "operator", "example", kind)
        said = as_role(machine, "produce", "produce", topic, "--wait", given=lines)
    if "charged  rated, 126400 micros" not in said:
        raise WrongError(f"the example's call is not charged:\n{said}")
    say("produce --wait: acme-call-1  charged  rated, 126400 micros")


def _wait_for_letter(mailbox: Path) -> None:
    """Wait for the letter that says that the account was recharged."""
    deadline = time.monotonic() + LETTER_S
    while "funds_added" not in (mailbox.read_text() if mailbox.exists() else ""):
        if time.monotonic() > deadline:
            raise WrongError(f"no letter of the recharge after {LETTER_S:.0f} s")
        time.sleep(0.5)
    say("recharged by the simulator, and the letter is in the mailbox")


def _load(machine: Machine) -> None:
    """Have the load play for a while."""
    machine.start("load", "--rate", "50", "--tenants", "20")
    deadline = time.monotonic() + LETTER_S
    while "calls: 50 a second" not in machine.log("load"):
        if time.monotonic() > deadline:
            raise WrongError(f"load: no calls yet\n{machine.log('load')}")
        time.sleep(0.5)
    time.sleep(LOAD_S)
    machine.stop("load")
    said = machine.log("load").splitlines()[-1]
    sent = re.findall(r"stopped after ([\d,]+) CDRs", said)
    if not sent or sent[0] == "0":
        raise WrongError(f"load: {machine.log('load')}")
    say(f"load: {sent[0]} CDRs")


def _canary(machine: Machine, since: datetime) -> None:
    """Start the canary when it is one, and have a whole round of it pass."""
    time.sleep(max(0.0, (since - datetime.now(UTC)).total_seconds()) + 2)
    machine.start("canary")
    machine.wait_for("canary")
    url = "http://127.0.0.1:9470/metrics"
    asked = f"from urllib.request import urlopen; print(urlopen('{url}').read().decode())"
    deadline = time.monotonic() + LETTER_S
    while True:
        text = machine.within("canary", asked)
        passed = re.findall(r'rater_canary_rounds_total\{outcome="passed"[^}]*\} ([\d.]+)', text)
        if passed and float(passed[0]) > 0:
            say("canary: a round with charge, threshold, payment and credit has passed")
            return
        if time.monotonic() > deadline:
            raise WrongError(f"canary: no round has passed\n{machine.log('canary')}")
        time.sleep(1)
