"""Prometheus and Alertmanager themselves, on the registries that the services' processes make: no Kafka, some seconds.

Prometheus takes every query of every dashboard; an invariant that is broken is told to our webhook; pages are drawn.
`test_observed_kafka.py` has the whole, with services that work.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, start_http_server

from deploy.reference.metric_page import SERVICES
from loadtest.observe import ports
from loadtest.observe.drawn.dashboards import dashboards
from loadtest.observe.drawn.series import Prometheus, Range
from loadtest.observe.monitors import missing, monitors
from loadtest.observe.services import JOBS
from loadtest.observe.web import RECEIVER, Alert, Received, serving

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())} (apt-get install)"
)

EVERY_S = 1
PATIENCE_S = 60.0
OURS = {"Instances that answer", "Tenants by state", "Memory", "Waiting"}
"""Panels of gauges that are served from the start: each of their queries returns data."""


@contextmanager
def served(found: dict[str, int]) -> Iterator[dict[str, CollectorRegistry]]:
    """Serve the registries as the processes do, each on its port."""
    registries = {name: make() for name, make in SERVICES.items()}
    with ExitStack() as stack:
        for name, registry in registries.items():
            server, thread = start_http_server(found[name], ports.HOST, registry)
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        yield registries


async def test_prometheus_takes_every_query_and_an_alert_reaches_the_webhook(
    tmp_path: Path,
) -> None:
    found = ports.free((*JOBS, "prometheus", "alertmanager", "page"))
    told: list[Alert] = []
    received = Received(told.append)
    address = f"http://{ports.HOST}:{found['prometheus']}"
    jobs = {name: found[name] for name in JOBS}
    async with serving(found["page"], address, EVERY_S, received) as page:
        receiver = page.rstrip("/") + RECEIVER
        with served(found) as registries, monitors(tmp_path, jobs, found, receiver, EVERY_S):
            asked = Prometheus(address)
            try:
                await up(asked)
                violated = registries["charging"]._names_to_collectors["rater_invariant_violations"]
                violated.labels("conservation").inc()  # type: ignore[attr-defined]
                await told_of(received, "RaterInvariantViolated")
                await every_query_is_taken(asked)
            finally:
                await asked.close()
            await every_page_is_drawn(page)
    assert [(alert.name, alert.labels["invariant"]) for alert in told] == [
        ("RaterInvariantViolated", "conservation")
    ]


async def up(asked: Prometheus) -> None:
    """Wait until all jobs were scraped."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = await asked.get("query", {"query": "sum(up)"})
        except aiohttp.ClientError:
            answer = {"result": []}
        if answer["result"] and float(answer["result"][0]["value"][1]) == len(JOBS):
            return
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.2)


async def told_of(received: Received, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not received.fires(name):
        assert time.monotonic() < deadline, received.alerts
        await asyncio.sleep(0.1)


async def every_query_is_taken(asked: Prometheus) -> None:
    """Ask Prometheus everything: what it refuses is a QueryError."""
    over = Range(time.time() - 60, time.time(), EVERY_S)
    for panel in (panel for board in dashboards().values() for panel in board.panels):
        for target in panel.targets:
            lines = await asked.lines(target, over)
            assert lines or panel.title not in OURS, target.expr


async def every_page_is_drawn(page: str) -> None:
    async with aiohttp.ClientSession() as session:
        for uid, board in dashboards().items():
            async with session.get(f"{page}{uid}") as answer:
                assert answer.status == 200
                text = await answer.text()
            assert text.count("class='panel'") == sum(p.kind != "row" for p in board.panels)
            assert "<path" in text
