"""The tests run what is installed, compiled or not; never something compiled from other sources."""

import pytest

from rater.shell.hot_path import StaleError, is_compiled, refuse_stale


def pytest_configure() -> None:
    try:
        refuse_stale()
    except StaleError as stale:
        pytest.exit(str(stale), returncode=4)


def pytest_report_header() -> str:
    return f"rater: compiled: {str(is_compiled()).lower()}"
