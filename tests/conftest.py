"""The tests run what is installed, compiled or not; never something compiled from other sources."""

import hypothesis
import pytest

from rater.shell.process.hot_path import StaleError, is_compiled, refuse_stale

# How long an example takes depends on what else the machine does: that is for benchmarks.
hypothesis.settings.register_profile("rater", deadline=None)
hypothesis.settings.load_profile("rater")


def pytest_configure() -> None:
    try:
        refuse_stale()
    except StaleError as stale:
        pytest.exit(str(stale), returncode=4)


def pytest_report_header() -> str:
    return f"rater: compiled: {str(is_compiled()).lower()}"
