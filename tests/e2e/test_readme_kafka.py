"""What the README has typed, typed as it stands: on a broker of its own, with ports of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.logins import are_wanted, patience

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

ROOT = Path(__file__).parents[2]
NOT_TYPED = ("make ", "export PATH=")
"""The environment and the broker are those of the tests."""
SERVICE = re.compile(r"^(rater (?:worker \w+|gateway|notifier|recycler)(?: .*?)?)( 2>\S+ &)$")


def typed(heading: str, services: int, mail_port: int) -> str:
    """Return the steps as a script: ports that are free, `rater` and `python` those of the tests."""
    readme = (ROOT / "README.md").read_text()
    section = readme.split(f"## {heading}\n")[1]
    block = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[0]
    steps = [line.removeprefix("$ ") for line in block.splitlines()]
    kept = [step for step in steps if not step.startswith(NOT_TYPED)]
    assert len(steps) - len(kept) == 3
    ours = [SERVICE.sub(r"\1 --metrics-port 0\2", step) for step in kept]
    assert sum("--metrics-port 0" in step for step in ours) == services
    script = "\n".join(ours).replace("1025", str(mail_port))
    return script.replace("rater/data/", f"{ROOT}/rater/data/")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def said_by(script: str, private_broker: Broker, tmp_path: Path) -> tuple[str, str]:
    """Run a script to its end; return what it said, and the logs of what it started."""
    tools = tmp_path / "bin"
    tools.mkdir()
    rater = "-m tests.e2e.rater_as_role" if are_wanted() else "-m rater"
    for name, command in (("rater", rater), ("python", "")):
        tool = tools / name
        tool.write_text(f'#!/bin/bash\nexec {sys.executable} {command} "$@"\n')
        tool.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RATER_BROKER": private_broker.bootstrap,
    }
    done = subprocess.run(
        [
            "bash",
            "-e",
            "-o",
            "pipefail",
            "-c",
            f"trap 'kill $(jobs -p)' EXIT\n{script}\nwait",
        ],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patience(240),
        check=False,
    )
    return done.stdout, "".join(log.read_text() for log in tmp_path.glob("*.log"))


def test_the_readmes_steps_work_as_typed(private_broker: Broker, tmp_path: Path) -> None:
    script = typed("With Kafka, step by step", 4, free_port())
    said, logs = said_by(script, private_broker, tmp_path)

    assert "acme-1  accepted  account_opened" in said, said + logs
    assert "acme-call-1  charged  rated, 126400 micros" in said
    assert '"kind":"threshold_crossed"' in said
    assert '"kind":"funds_added"' in said
    assert "clean" in said
    assert "Traceback" not in said + logs
    mails = map(json.loads, (tmp_path / "mails.jsonl").read_text().splitlines())
    kinds = {(mail["to"][0], mail["kind"]) for mail in mails}
    assert ("billing@acme.example", "funds_added") in kinds
    assert kinds - {("it@globex.example", "balance_low")} == {
        ("billing@acme.example", "funds_added")
    }


def test_the_readmes_afternoon_ends_as_it_says(private_broker: Broker, tmp_path: Path) -> None:
    script = typed("An afternoon: put right, and explained", 2, 0)
    said, logs = said_by(script, private_broker, tmp_path)

    waited = [line for line in said.splitlines() if line.startswith("acme") and "no_rate" in line]
    assert waited, said + logs
    assert "acme-call-1  charged  rated, 126400 micros" in said
    assert "Traceback" not in said + logs
    assert "clean" in said
