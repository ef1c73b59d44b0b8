"""Health over real HTTP: what the three addresses answer, and when."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from time import sleep

import pytest

from rater.shell.health import PARTS, Health, HealthServer, PortInUseError
from rater.shell.metrics import Metrics


@dataclass
class Served:
    """A served worker: its health, its metrics, and its port."""

    health: Health
    metrics: Metrics
    port: int

    def get(self, path: str, accept: str = "*/*") -> tuple[int, str, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()

    def verdict(self, path: str) -> tuple[int, dict[str, object]]:
        status, _, body = self.get(path)
        return status, json.loads(body)


@pytest.fixture
def served() -> Iterator[Served]:
    metrics = Metrics()
    health = Health(metrics, tick_timeout_s=0.5)
    with HealthServer(health, metrics, "127.0.0.1", 0) as server:
        yield Served(health, metrics, server.port)


def make_ready(health: Health) -> None:
    health.tick()
    health.set_state("serving")
    for part in PARTS:
        health.set_ready(part, ready=True)


def test_a_worker_that_has_just_started_is_alive_and_not_ready(served: Served) -> None:
    served.health.tick()
    served.health.set_ready("decks", ready=False, detail="at 3 of 40")

    alive = served.verdict("/livez")
    ready = served.verdict("/readyz")

    assert alive == (200, {"alive": True, "why": {}})
    assert ready == (
        503,
        {
            "ready": False,
            "missing": {
                "assigned": "not yet",
                "recovered": "not yet",
                "decks": "at 3 of 40",
                "settings": "not yet",
                "state": "starting",
            },
        },
    )


def test_a_worker_with_all_parts_that_serves_is_ready(served: Served) -> None:
    make_ready(served.health)

    assert served.verdict("/readyz") == (200, {"ready": True, "missing": {}})


@pytest.mark.parametrize("part", PARTS)
def test_a_worker_that_loses_a_part_is_not_ready(served: Served, part: str) -> None:
    make_ready(served.health)
    served.health.set_ready(part, ready=False, detail="lost")

    assert served.verdict("/readyz") == (503, {"ready": False, "missing": {part: "lost"}})


@pytest.mark.parametrize("state", ["starting", "recovering", "stopping"])
def test_a_worker_that_does_not_serve_is_not_ready(served: Served, state: str) -> None:
    make_ready(served.health)
    served.health.set_state(state)  # type: ignore[arg-type]

    assert served.verdict("/readyz") == (503, {"ready": False, "missing": {"state": state}})
    assert served.metrics.registry.get_sample_value("rater_state", {"state": state}) == 1


def test_a_halted_partition_makes_the_worker_not_ready_but_leaves_it_alive(
    served: Served,
) -> None:
    make_ready(served.health)
    served.health.halt(3, "balance is not the sum of the lots")

    ready = served.verdict("/readyz")
    alive = served.verdict("/livez")
    halted = served.metrics.registry.get_sample_value("rater_halted_partitions")
    served.health.forget_partition(3)

    missing = {"partition 3": "halted: balance is not the sum of the lots"}
    assert ready == (503, {"ready": False, "missing": missing})
    assert alive[0] == 200
    assert halted == 1
    assert served.verdict("/readyz")[0] == 200
    assert served.metrics.registry.get_sample_value("rater_halted_partitions") == 0


def test_a_worker_whose_event_loop_stands_still_is_neither_alive_nor_ready(
    served: Served,
) -> None:
    make_ready(served.health)
    sleep(0.6)

    status, body = served.verdict("/livez")
    ready, _ = served.verdict("/readyz")
    served.health.tick()

    assert (status, body["alive"], ready) == (503, False, 503)
    assert "no tick for 0." in str(body["why"])
    assert served.verdict("/livez")[0] == 200


def test_a_broken_invariant_of_the_worker_ends_its_life(served: Served) -> None:
    make_ready(served.health)
    served.health.fail("one_writer", "partition 3 was stepped twice at once")

    assert served.verdict("/livez") == (
        503,
        {"alive": False, "why": {"one_writer": "partition 3 was stepped twice at once"}},
    )


def test_metrics_are_served_as_prometheus_asks_for_them(served: Served) -> None:
    served.metrics.rebalanced()

    status, content_type, text = served.get("/metrics")
    _, open_type, open_text = served.get("/metrics", "application/openmetrics-text;version=1.0.0")

    assert status == 200
    assert content_type.startswith("text/plain")
    assert "rater_rebalances_total 1.0" in text.splitlines()
    assert open_type.startswith("application/openmetrics-text")
    assert open_text.endswith("# EOF\n")


def test_another_address_says_which_there_are(served: Served) -> None:
    status, _, body = served.get("/")

    assert (status, body) == (404, "try /metrics, /livez or /readyz\n")


def test_a_port_that_is_taken_is_named_in_the_error(served: Served) -> None:
    with pytest.raises(PortInUseError, match=f"port {served.port} on 127.0.0.1 is in use"):
        HealthServer(served.health, served.metrics, "127.0.0.1", served.port)


def test_a_stopped_server_frees_its_port_and_leaves_no_thread() -> None:
    metrics = Metrics()
    health = Health(metrics)
    with HealthServer(health, metrics, "127.0.0.1", 0) as server:
        port = server.port

    with HealthServer(health, metrics, "127.0.0.1", port) as again:
        assert again.port == port

    assert not [thread for thread in threading.enumerate() if thread.name == "health"]
