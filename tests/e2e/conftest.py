"""Fixtures of the end-to-end tests: real Kafka, started when the first test asks for it."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# deploy/ and tests/ are folders of the repository, not of the installed project.
if (root := str(Path(__file__).resolve().parents[2])) not in sys.path:
    sys.path.insert(0, root)

from deploy.kafka.orphans import remove_orphans
from tests.e2e import logins
from tests.e2e.broker import chosen_broker, own_broker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.kafka.broker import Broker
    from tests.e2e.broker import ForeignBroker

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs Kafka, and give it the time that logins take."""
    usual_s = float(config.getini("timeout"))
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kafka)
            own = item.get_closest_marker("timeout")
            limit_s = logins.patience(own.args[0] if own is not None else usual_s)
            item.add_marker(pytest.mark.timeout(limit_s), append=False)


@pytest.fixture(scope="session", autouse=True)
def _logins() -> Iterator[None]:
    """Let all processes and clients of the session find their logins, where brokers are secured (RATER_TEST_SECURE)."""
    with logins.ready():
        yield


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker | ForeignBroker]:
    """Give all tests of the session one broker: that of RATER_BROKER, else one of our own.

    Do not kill it and do not empty it; `namespace` keeps the tests apart. See `private_broker`.
    """
    if (chosen := chosen_broker()) is not None:
        yield chosen
        return
    remove_orphans("test")
    own = own_broker()
    try:
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture(scope="session")
def bootstrap(broker: Broker | ForeignBroker) -> str:
    """Give the address of the shared broker, `host:port`."""
    return broker.bootstrap


@pytest.fixture
def private_broker() -> Iterator[Broker]:
    """Give one test a broker of its own, empty, to be killed at will; it costs some 3 seconds.

    With RATER_BROKER set no broker is started, so the test is skipped.
    """
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set, and that broker is not ours to kill")
    own = own_broker()
    try:
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture
def namespace() -> str:
    """Make a word that no other test uses, to begin names of topics, groups and apps with."""
    return f"t{uuid.uuid4().hex[:10]}"
