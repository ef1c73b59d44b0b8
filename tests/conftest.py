"""The tests run what is installed, compiled or not; never something compiled from other sources."""

import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest

from rater.shell.process.hot_path import StaleError, is_compiled, refuse_stale

# How long an example takes depends on what else the machine does: that is for benchmarks.
hypothesis.settings.register_profile("rater", deadline=None)
hypothesis.settings.load_profile("rater")


LONG = (
    "tests/reconcile/test_whatever_",
    "tests/test_asyncapi.py",
    "tests/test_one_price.py",
    "tests/test_pool_properties.py",
    "tests/test_properties.py",
    "tests/test_rating_differential.py",
    "tests/test_recharge_machine.py",
    "tests/test_recomputed.py",
)
"""Files without Kafka that take long: begun last, one process would end long after the others."""


def pytest_configure() -> None:
    # A broker of a test lives for a minute or two: what a JVM compiles thoroughly in them it never earns back.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    # What a shell starts in the background ignores SIGINT, and so would all that tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        refuse_stale()
    except StaleError as stale:
        pytest.exit(str(stale), returncode=4)


def pytest_report_header() -> str:
    return f"rater: compiled: {str(is_compiled()).lower()}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Say what shares a process where several share the work (`-n`), and what goes first.

    A file stays in one process, which makes once what its tests share; a test that has a broker of
    its own goes anywhere. Tests on Kafka wait a lot: they go first, so that the others fill the end,
    the short ones last.
    """
    for item in items:
        if " at 0x" in item.nodeid:
            # It differs between processes, which then cannot share the work.
            msg = f"an address in the name of a test; give it an id: {item.nodeid}"
            raise pytest.UsageError(msg)
        if "private_broker" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    yield
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("kafka") is not None:
        return 0
    return 1 if item.nodeid.startswith(LONG) else 2
