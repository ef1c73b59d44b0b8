"""The broker tool on real Kafka: what it starts answers, and what it kills comes back whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from deploy.kafka.address import FREE_PORTS, answers, free_ports, is_free  # noqa: E402
from deploy.kafka.broker import HOME, Broker, BrokerError  # noqa: E402
from deploy.kafka.class_archive import archive_options  # noqa: E402
from deploy.kafka.cluster import Cluster, members  # noqa: E402
from deploy.kafka.distribution import SHORT_LIVED, fetch, java  # noqa: E402
from deploy.kafka.membership import Membership  # noqa: E402
from deploy.kafka.process import command_line, has_ended, within  # noqa: E402
from tests.e2e.broker import (  # noqa: E402
    chosen_broker,
    consume,
    create_topics,
    end_offsets,
    own_broker,
    produce,
    producer,
    wait_for_records,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Give a broker that has not been started; remove it afterwards."""
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set: no other broker is started")
    tried = own_broker()
    yield tried
    tried.remove()


def tool(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run broker.py as a person would."""
    command = [sys.executable, str(ROOT / "deploy/kafka/broker.py"), *arguments]
    clean = {name: value for name, value in os.environ.items() if name != "RATER_BROKER"}
    return subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_what_is_written_while_an_instance_is_removed_is_deleted_too(broker: Broker) -> None:
    broker.folder.mkdir(parents=True)
    until = time.monotonic() + 0.5

    def write() -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            with contextlib.suppress(FileNotFoundError):
                (broker.folder / f"{number}.log").touch()

    writer = threading.Thread(target=write)
    writer.start()
    broker.remove()
    writer.join()

    assert not broker.folder.exists()


def test_free_ports_are_different_free_and_outside_the_ephemeral_range() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    assert all(port in FREE_PORTS and is_free(port) for port in ports)


def test_a_port_with_a_listener_is_neither_free_nor_a_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert not is_free(port)
        assert not answers(f"127.0.0.1:{port}", timeout_s=0.2)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:port", ":1", "127.0.0.1:1"])
def test_an_address_without_a_broker_does_not_answer(address: str) -> None:
    assert not answers(address, timeout_s=0.2)


@pytest.mark.parametrize("name", ["", "..", "a/b", "jars", "m2", "formatted", "classes"])
def test_an_instance_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises(BrokerError, match="instance"):
        Broker(name)


@pytest.mark.kafka
def test_a_port_in_use_is_refused_with_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "jars").symlink_to(fetch(HOME, print))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(BrokerError, match=f"port {port}: .*--port 0.*RATER_BROKER"):
            Broker("taken", port=port, home=tmp_path).start()


def test_a_process_that_is_not_the_broker_is_never_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "recycled").mkdir()
    state = {"pid": os.getpid(), "port": free_ports(1)[0]}
    (tmp_path / "recycled" / "broker.json").write_text(json.dumps(state))

    stale = Broker("recycled", home=tmp_path)
    stale.kill()

    assert stale.pid is None
    assert command_line(os.getpid())


LINGERING = """
import ctypes, os, socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
def wait():
    print(os.getpid(), listener.getsockname()[1], flush=True)
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=wait).start()
libc = ctypes.CDLL(None)
libc.syscall(60 if os.uname().machine == "x86_64" else 93, 0)  # This thread alone, as of a JVM that was killed.
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="threads are seen on Linux alone")
def test_a_process_has_ended_when_the_last_of_its_threads_has() -> None:
    """A killed JVM has no command line any more, and threads of it keep its port and write its files for a moment."""
    command = [sys.executable, "-c", LINGERING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdin is not None
        pid, port = map(int, it.stdout.readline().split())
        assert within(10, lambda: not command_line(pid))

        assert not has_ended(pid)
        assert not is_free(port)

        it.stdin.close()
        assert within(10, lambda: has_ended(pid))
        assert is_free(port)
    assert has_ended(pid)


def kept(home: Path, name: str, port: int, member: Membership | None = None) -> None:
    """Write down what an instance that was started once leaves."""
    (home / name).mkdir()
    state = {"pid": 0, "port": port, **({"member": member.kept()} if member else {})}
    (home / name / "broker.json").write_text(json.dumps(state))


def test_a_broker_that_is_down_keeps_its_port_whoever_listens_there_now(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        kept(tmp_path, "down", port)

        assert Broker("down", home=tmp_path).bootstrap == f"127.0.0.1:{port}"


def test_a_cluster_is_known_by_its_members_in_their_order(tmp_path: Path) -> None:
    three = [Membership("three", node, "id", (1, 2, 3)) for node in (2, 3, 1)]
    for member in three:
        kept(tmp_path, member.instance, 9090 + member.node, member)
    kept(tmp_path, "three-4", 9999)

    assert [broker.node for broker in members("three", tmp_path)] == [1, 2, 3]
    assert Cluster("three", home=tmp_path).bootstrap == (
        "127.0.0.1:9091,127.0.0.1:9092,127.0.0.1:9093"
    )
    assert Broker("three-2", home=tmp_path).member == three[0]
    assert "controller.quorum.voters=1@127.0.0.1:1,2@127.0.0.1:2,3@127.0.0.1:3" in (
        three[0].settings()
    )


def test_a_cluster_is_refused_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    kept(tmp_path, "dev", 9092)
    for node in (1, 2, 3):
        member = Membership("three", node, "id", (1, 2, 3))
        kept(tmp_path, member.instance, 9090 + node, member)

    with pytest.raises(BrokerError, match="2 brokers: must be 3 or more, for there are 3 copies"):
        Cluster("other", size=2, home=tmp_path)
    with pytest.raises(BrokerError, match="three has 3 brokers, not 5: remove it first"):
        Cluster("three", size=5, home=tmp_path)
    with pytest.raises(BrokerError, match="dev is a single broker"):
        Cluster("dev", home=tmp_path)


def test_rater_broker_that_is_silent_is_an_error_and_nothing_is_started() -> None:
    done = tool("up", RATER_BROKER="127.0.0.1:1")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "RATER_BROKER=127.0.0.1:1: no Kafka answers there" in done.stderr


def test_the_tools_check_names_what_is_missing_and_how_to_install_it(tmp_path: Path) -> None:
    def check(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "deploy/check_tools.py"), *options]
        bare = {"PATH": str(tmp_path)}
        return subprocess.run(command, env=bare, capture_output=True, text=True, check=False)

    everything = check()

    assert everything.returncode == 1
    assert "a JDK, 17 or newer: java is not there" in everything.stderr
    assert "apt-get install openjdk-17-jdk-headless maven" in everything.stderr
    assert "brew install openjdk@17 maven" in everything.stderr
    assert check("--apt").stdout == "openjdk-17-jdk-headless maven\n"
    assert check("--python").returncode == 0


@pytest.mark.kafka
def test_a_broker_that_cannot_start_says_why(broker: Broker) -> None:
    broker.start()
    broker.stop()
    (broker.data / "meta.properties").write_text("version=1\nnode.id=2\ncluster.id=other\n")

    with pytest.raises(BrokerError, match=r"ended while starting:(?s:.*)node"):
        broker.start()

    assert broker.pid is None


@pytest.mark.kafka
def test_a_broker_of_tests_loads_its_classes_from_an_archive(tmp_path: Path) -> None:
    jars = fetch(HOME, print)
    shown = (*archive_options(HOME, jars), "-Xshare:on", "-Xlog:class+load")
    command = java(jars, tmp_path, "kafka.Kafka", "--version", options=(*SHORT_LIVED, *shown))

    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert re.search(r"kafka\.Kafka\$ source: shared objects file \(top\)", said)


@pytest.mark.kafka
def test_an_archive_that_no_jvm_has_made_is_not_asked_for(tmp_path: Path) -> None:
    jars = fetch(HOME, print)
    made = Path(archive_options(HOME, jars)[0].partition("=")[2])
    (tmp_path / "classes").mkdir()
    (tmp_path / "classes" / made.name).touch()

    assert archive_options(tmp_path, jars) == ()


@pytest.mark.kafka
async def test_what_was_written_survives_a_stop_and_a_kill(broker: Broker) -> None:
    bootstrap = broker.start()
    await create_topics(bootstrap, {"kept": 2})
    await produce(bootstrap, "kept", [(b"k", b"1")], partition=1)
    broker.kill()

    assert broker.pid is None
    assert not answers(bootstrap, timeout_s=0.2)

    assert broker.start() == bootstrap
    await produce(bootstrap, "kept", [(b"k", b"2")], partition=1)
    assert broker.restart() == bootstrap

    assert [record.value for record in await consume(bootstrap, "kept")] == [b"1", b"2"]


@pytest.mark.kafka
async def test_only_committed_records_are_read_and_trailing_markers_end_the_reading(
    broker: Broker,
) -> None:
    bootstrap = broker.start()
    await create_topics(bootstrap, {"money": 1})
    async with producer(bootstrap, "teller-0") as client:
        async with client.transaction():
            await client.send_and_wait("money", b"kept", b"a", headers=[("h", b"1")])
        with pytest.raises(RuntimeError):  # noqa: PT012  # The error is what aborts.
            async with client.transaction():
                await client.send_and_wait("money", b"lost", b"a")
                raise RuntimeError

    records = await wait_for_records(bootstrap, "money", 1)

    assert [(r.offset, r.key, r.value, r.headers) for r in records] == [
        (0, b"a", b"kept", (("h", b"1"),))
    ]
    assert await end_offsets(bootstrap, "money") == {0: 4}
    everything = await consume(bootstrap, "money", committed=False)
    assert [record.value for record in everything] == [b"kept", b"lost"]


@pytest.mark.kafka
async def test_the_broker_takes_large_records_and_invents_no_topics(broker: Broker) -> None:
    bootstrap = broker.start()
    await create_topics(bootstrap, {"large": 1})
    value = os.urandom(5 * 1024 * 1024)

    await produce(bootstrap, "large", [(None, value), (b"tombstone", None)], timestamp_ms=1_000)

    records = await consume(bootstrap, "large")
    assert [(r.key, r.value) for r in records] == [(None, value), (b"tombstone", None)]
    assert {record.timestamp_ms for record in records} == {1_000}
    with pytest.raises(AssertionError, match="not on the broker"):
        await consume(bootstrap, "nobody-made-it")


@pytest.mark.kafka
def test_the_command_line_starts_kills_restarts_and_removes_one_instance(broker: Broker) -> None:
    name = broker.folder.name
    up = tool("up", "--port", "0", "--instance", name)
    address = up.stdout.strip()

    assert (up.returncode, answers(address)) == (0, True)
    state = json.loads((broker.folder / "broker.json").read_text())
    assert address == f"127.0.0.1:{state['port']}"
    assert Path(state["log"]).read_text()
    assert tool("up", "--port", "0", "--instance", name).stdout == up.stdout

    assert tool("kill9", "--instance", name).returncode == 0
    assert f"{name}\t{address}\tdown" in tool("status").stdout
    again = tool("up", "--port", "0", "--instance", name)
    assert again.stdout == up.stdout, again.stderr
    assert tool("down", "--instance", name).returncode == 0
    assert not answers(address, timeout_s=0.2)
    assert tool("remove", "--instance", name).returncode == 0
    assert not broker.folder.exists()
