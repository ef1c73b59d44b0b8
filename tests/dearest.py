"""Which tests cost most: seconds of CPU, of the test and of all processes that it started and that ended with it.

What a machine has to give to tests is CPU, and on a busy one `--durations` says how long tests waited for it. A broker
or a service counts for the test during which it ends. Printed by `pytest -p tests.dearest`; all of it, a test a line,
goes to the file that RATER_TEST_CPU names.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "cpu_s"
SHOWN = 40
LEAST_S = 5.0

_spent: dict[str, float] = {}
_since = 0.0


def _used() -> float:
    """Return the seconds of CPU of this process and of those that it has awaited."""
    own, awaited = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + awaited.ru_utime + awaited.ru_stime


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin to count."""
    global _since  # noqa: PLW0603  # One test at a time, in each process.
    _since = _used()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Give the last report of a test what it has cost: reports alone go from one process to the other."""
    if call.when == "teardown":
        item.user_properties.append((NAME, round(_used() - _since, 2)))
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep it, in the process that prints."""
    if report.when == "teardown":
        for name, said in report.user_properties:
            if name == NAME:
                _spent[report.nodeid] = float(str(said))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the dearest ones, and what all have cost."""
    if path := os.environ.get("RATER_TEST_CPU"):
        Path(path).write_text("".join(f"{s:.2f} {name}\n" for name, s in _spent.items()))
    dearest = sorted(_spent.items(), key=lambda each: -each[1])[:SHOWN]
    terminalreporter.section(f"tests by CPU: {sum(_spent.values()):,.0f} s in all")
    for name, seconds in dearest:
        if seconds >= LEAST_S:
            terminalreporter.write_line(f"{seconds:7.1f} s {name}")
