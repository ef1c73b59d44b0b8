"""What is beside the demo: settings of Prometheus and Alertmanager, ports, and the alerts that are received."""

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.observe.services import SERVICES
from loadtest import traffic
from loadtest.generate import Workload
from loadtest.observe import demand, hooks, monitors, ports
from loadtest.observe.monitors import routing, scraping
from loadtest.observe.services import JOBS
from loadtest.observe.web import RECEIVER, Alert, Received, serving
from loadtest.plan import Plan
from loadtest.rater_command import CommandError
from loadtest.stage import SAMPLE_DECK

PORTS = {"prometheus": 9090, "alertmanager": 9093}


def posted(status: str, group: str = "rater-charging") -> dict[str, Any]:
    labels = {"alertname": "RaterGroupEmpty", "severity": "critical", "group": group}
    notes = {"summary": "Nobody.", "description": "For 5 minutes.", "runbook_url": "https://x/y"}
    return {"alerts": [{"status": status, "labels": labels, "annotations": notes}]}


def checked(tool: str, *words: str | Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not here: the settings were made, not checked")
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_a_job_of_prometheus() -> None:
    assert set(JOBS) == {each.name for each in SERVICES}
    made = scraping({name: 9_000 + place for place, name in enumerate(JOBS)}, PORTS, 5)
    assert [job["job_name"] for job in made["scrape_configs"]] == [f"rater-{name}" for name in JOBS]


def test_promtool_takes_the_settings_with_the_committed_rules(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(json.dumps(scraping(dict.fromkeys(JOBS, 9_464), PORTS, 5)))
    checked("promtool", "check", "config", file)


def test_amtool_takes_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(routing("http://127.0.0.1:9/alerts")))
    checked("amtool", "check-config", file)


def test_where_prometheus_is_absent_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    running = monitors.monitors(tmp_path, {}, PORTS, "http://127.0.0.1:9/alerts", 5)

    with (
        pytest.raises(CommandError, match="apt-get install prometheus prometheus-alertmanager"),
        running,
    ):
        pass


def test_ports_are_free_and_differ() -> None:
    found = ports.free(JOBS)

    assert list(found) == list(JOBS)
    assert len(set(found.values())) == len(JOBS)


async def test_an_alert_is_told_once_until_it_is_over() -> None:
    told: list[Alert] = []
    received = Received(told.append)
    port = ports.free(["page"])["page"]
    async with (
        serving(port, "http://127.0.0.1:9", 5, received) as page,
        aiohttp.ClientSession() as session,
    ):
        for status in ("firing", "firing", "resolved"):
            async with session.post(f"{page.rstrip('/')}{RECEIVER}", json=posted(status)) as answer:
                assert answer.status == 200
            assert received.fires("RaterGroupEmpty", group="rater-charging") == (status == "firing")
            assert not received.fires("RaterGroupEmpty", group="rater-recharge")
        async with session.get(f"{page}nothing") as answer:
            assert answer.status == 404
            assert "rater-overview" in await answer.text()
        async with session.get(f"{page}rater-money") as answer:
            assert answer.status == 502
    assert [alert.firing for alert in told] == [True, False]


async def test_webhooks_answer_as_their_address_says() -> None:
    port = ports.free(["page"])["page"]
    received = Received(lambda _: None)
    answers: dict[str, list[int]] = {}
    async with (
        serving(port, "http://127.0.0.1:9", 5, received) as page,
        aiohttp.ClientSession() as session,
    ):
        for way in ("taken", "busy", "gone"):
            assert way in {*hooks.WELL, *hooks.TROUBLED}
            for _ in range(7):
                told = {"webhook-id": f"notification-{way}"}
                async with session.post(hooks.address(page, way), headers=told) as answer:
                    answers.setdefault(way, []).append(answer.status)
    assert answers == {"taken": [204] * 7, "busy": [503] * 5 + [204] * 2, "gone": [410] * 7}


def test_whoever_calls_is_told_and_every_other_one_by_webhook() -> None:
    workload = Workload(demand.plan(), SAMPLE_DECK)
    made = [json.loads(value or b"") for _, _, value in demand.recipients(workload, "http://h/x")]

    assert {each["tenant_id"] for each in made} == {
        each.tenant_id for each in workload.population.tenants
    }
    assert all(each["type"] == "set_recipients" and each["emails"] for each in made)
    assert ["webhook" in each for each in made] == [False, True] * (demand.TENANTS // 2)


def test_calls_without_an_end_have_each_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "now_ms", lambda: 1_772_361_060_000)
    workload = Workload(Plan.clean(start_ms=1, tenants=5, cdrs=1_000), SAMPLE_DECK)
    first = list(itertools.islice(traffic.calls(workload, 2.0), 60))

    ids = [json.loads(value or b"")["cdr_id"] for _, _, value in first]
    assert len(set(ids)) == 60  # Three waves within the same millisecond.
