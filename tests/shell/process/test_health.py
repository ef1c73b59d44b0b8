"""Health over real HTTP: what the three addresses answer, and when."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic, sleep

import pytest

from rater.shell.process.health import CONNECTIONS_MAX, PARTS, Health, HealthServer, PortError
from rater.shell.process.metrics import Metrics


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
                "plans": "not yet",
                "state": "starting",
            },
        },
    )


def test_a_worker_with_all_parts_that_serves_is_ready(served: Served) -> None:
    make_ready(served.health)

    assert served.verdict("/readyz") == (200, {"ready": True, "missing": {}})


def test_a_worker_that_holds_something_by_order_says_so_and_is_ready(served: Served) -> None:
    make_ready(served.health)
    served.health.held = "charging held of all tenants since 2026-11-02T09:00:00Z"

    assert served.verdict("/readyz") == (
        200,
        {"ready": True, "missing": {}, "held": served.health.held},
    )
    assert served.verdict("/livez") == (200, {"alive": True, "why": {}})


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
    with pytest.raises(
        PortError, match=f"on 127.0.0.1, port {served.port}: Address already in use"
    ):
        HealthServer(served.health, served.metrics, "127.0.0.1", served.port)


def test_a_stopped_server_frees_its_port_and_leaves_no_thread() -> None:
    metrics = Metrics()
    health = Health(metrics)
    with HealthServer(health, metrics, "127.0.0.1", 0) as server:
        port = server.port

    with HealthServer(health, metrics, "127.0.0.1", port) as again:
        assert again.port == port

    assert not [thread for thread in threading.enumerate() if thread.name == "health"]


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz"])
def test_head_answers_as_get_does_without_a_body(served: Served, path: str) -> None:
    make_ready(served.health)
    connection = HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("HEAD", path)
    answer = connection.getresponse()

    assert answer.status == served.get(path)[0] == 200
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.read() == b""
    connection.close()


def test_a_silent_broker_makes_a_worker_not_ready(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ready(served.health)
    assert served.verdict("/readyz")[0] == 200

    monkeypatch.setattr(served.health, "_broker_at", monotonic() - 11)
    status, said = served.verdict("/readyz")
    assert (status, said["missing"]) == (503, {"broker": "no answer for 11 s"})
    assert served.verdict("/livez")[0] == 200

    served.health.broker_answered()
    assert served.verdict("/readyz")[0] == 200


def test_idle_connections_beyond_the_cap_are_hung_up_on_and_the_others_are_let_go(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rater.shell.process.health.REQUEST_S", 0.7)
    threads = threading.active_count()
    idle = [
        socket.create_connection(("127.0.0.1", served.port), timeout=5)
        for _ in range(CONNECTIONS_MAX)
    ]
    sleep(0.3)
    beyond = socket.create_connection(("127.0.0.1", served.port), timeout=5)

    with suppress(ConnectionResetError):
        assert beyond.recv(1) == b""
    assert threading.active_count() <= threads + 2 * CONNECTIONS_MAX
    assert {connection.recv(1) for connection in idle} == {b""}
    make_ready(served.health)
    assert served.verdict("/readyz")[0] == 200
    for connection in (*idle, beyond):
        connection.close()


def test_a_request_that_drips_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rater.shell.process.health.REQUEST_S", 0.5)
    began = monotonic()
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        with suppress(OSError):
            while monotonic() - began < 5:
                connection.sendall(b"GET /livez HTTP/1.1\r\nX: " if monotonic() == began else b"x")
                sleep(0.05)
        assert monotonic() - began < 3


@pytest.mark.parametrize("head", [b"X: " + b"x" * 70_000, b"X: x\r\n" * 20_000])
def test_a_head_that_is_too_large_is_not_read(served: Served, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        with suppress(OSError):
            connection.sendall(b"GET /livez HTTP/1.1\r\n" + head + b"\r\n\r\n")
        with suppress(ConnectionResetError):
            assert b"200" not in connection.recv(100)
    make_ready(served.health)
    assert served.verdict("/readyz")[0] == 200


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7", "x" * 300])
def test_a_host_that_is_not_ours_is_an_error_that_names_it(host: str) -> None:
    metrics = Metrics()
    with pytest.raises(PortError, match=r"metrics and health on .*--metrics-host"):
        HealthServer(Health(metrics), metrics, host, 0)
