"""From nothing to a watched rater, typed as its page has it, up to the containers: on a secured broker of its own.

Both ways do the same after their start; that part is typed once, as whoever has no containers types it. What stands in
for Docker here is nothing: `make check-deploy` plays the composition's part.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.kafka.address import free_ports
from deploy.kafka.broker import Broker
from deploy.kafka.secured import Access
from deploy.observe.services import SERVICES
from topics.access import rules
from topics.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating" / "ten-minutes.md").read_text()
NOT_TYPED = ("make ", "export PATH=", "kill ")
"""Environment and broker are those of the test, which also ends what it has started."""
SERVICE = re.compile(r'(\w+)\.env"; exec rater (?:worker )?\w+')
"""A service is called as its login is."""
PROMETHEUS = shutil.which("prometheus")


def steps(heading: str) -> list[str]:
    """Return the commands of a section, in order."""
    section = re.split(r"^## ", PAGE.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def test_what_comes_before_the_containers_works_as_typed(tmp_path: Path) -> None:
    for folder in ("deploy", "topics"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("secrets"))
    typed = steps("With containers")
    first = typed.index("docker compose build")

    done = subprocess.run(
        ["bash", "-ec", "\n".join(typed[:first])],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    made = tmp_path / "deploy" / "compose"
    assert (made / ".env").read_text() == (made / "settings.env").read_text()
    for file in re.findall(r"\{ file: \./(.+) }", (made / "compose.yaml").read_text()):
        assert (made / file).exists(), file
    assert [step for step in typed[first:] if step.startswith("docker")] == [
        "docker compose build", "docker compose up --detach --wait",
    ]  # fmt: skip


@contextmanager
def secured() -> Iterator[Broker]:
    access = Access.of([asdict(rule) for rule in rules()])
    own = Broker(f"test-{uuid.uuid4().hex[:8]}", short_lived=True, access=access)
    try:
        own.start()
        yield own
    finally:
        own.remove()


def script(logins: Path, ports: Mapping[str, int], mail_port: int, prometheus: str) -> str:
    """Return what is typed without containers, on ports that are free."""
    first, then = steps("Without containers"), steps("First calls")
    last = steps("What watches it")
    typed = [step for step in [*first, *then, *last] if not step.startswith(NOT_TYPED)]
    assert len(first) + len(then) + len(last) - len(typed) == 2
    ours = []
    for step in typed:
        if found := SERVICE.search(step):
            own = f" --metrics-port {ports[found[1]]}" + " --port 0" * (found[1] == "gatekeeper")
            ours.append(step.replace(found[0], found[0] + own))
        elif not step.startswith("prometheus ") or PROMETHEUS:
            ours.append(step)
    assert sum("--metrics-port" in step for step in ours) == len(ports) - 1  # All but the canary.
    text = "\n".join(ours).replace("logins=$PWD/.kafka/secured/secured", f"logins={logins}")
    text = text.replace("data=$PWD/", f"data={ROOT}/").replace("1025", str(mail_port))
    return text.replace("127.0.0.1:9090", prometheus)


def asked(prometheus: str) -> str:
    """Return what waits until Prometheus has seen all, and says what it sees."""
    query = f"promtool query instant http://{prometheus} 'sum(up)'"
    return f"""
until {query} 2>/dev/null | grep -q '=> {len(SERVICES) - 1} @'; do sleep 1; done
{query}
promtool query instant http://{prometheus} 'count(ALERTS) by (alertname)'
until grep -q funds_added mails.jsonl; do sleep 1; done
"""


@pytest.mark.timeout(600)
def test_the_page_works_as_typed_without_containers(tmp_path: Path) -> None:
    assert {role.principal for role in ROLES} >= set(
        re.findall(r"^\$ as ([\w-]+)", PAGE, re.MULTILINE)
    )
    names = [each.name for each in SERVICES]
    *own, mail_port, port = free_ports(len(names) + 2)
    ports, prometheus = dict(zip(names, own, strict=True)), f"127.0.0.1:{port}"
    settings = tmp_path / "deploy" / "systemd"
    settings.mkdir(parents=True)
    shutil.copytree(
        ROOT / "deploy" / "observe" / "generated", tmp_path / "deploy/observe/generated"
    )
    text = (ROOT / "deploy" / "systemd" / "prometheus.yaml").read_text().replace("15s", "1s")
    for each in SERVICES:
        text = text.replace(f":{each.port}", f":{ports[each.name]}")
    (settings / "prometheus.yaml").write_text(text)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, command in (("rater", "-m rater"), ("python", "")):
        (tools / name).write_text(f'#!/bin/bash\nexec {sys.executable} {command} "$@"\n')
        (tools / name).chmod(0o755)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("RATER_KAFKA")
    }
    clean |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    with secured() as broker:
        assert broker.secured is not None
        typed = script(broker.secured.folder, ports, mail_port, prometheus)
        ask = asked(prometheus) if PROMETHEUS else ""
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c",
             f"trap 'kill $(jobs -p); wait' EXIT\n{typed}\n{ask}"],
            cwd=tmp_path, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=500, check=False,
        )  # fmt: skip

    said = done.stdout
    logs = "".join(f"{log.name}:\n{log.read_text()}" for log in tmp_path.glob("*.log"))
    assert done.returncode in (0, 143), said + logs
    assert "acme-call-1  charged  rated, 126400 micros" in said
    assert "clean" in said
    assert "Traceback" not in said + logs
    assert '"canary_tenants": ["canary"]' in (tmp_path / "settings.json").read_text()
    assert "valid from" in said
    if PROMETHEUS:
        mails = map(json.loads, (tmp_path / "mails.jsonl").read_text().splitlines())
        assert "funds_added" in {mail["kind"] for mail in mails}
        assert f"=> {len(SERVICES) - 1} @" in said
