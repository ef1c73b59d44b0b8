"""What is a worker's daily business is no warning."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING

import pytest
from aiokafka.consumer import group_coordinator

from rater.shell.process.log_levels import EXPECTED, lower_expected

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "aiokafka.consumer.group_coordinator"
REBALANCE = "Heartbeat failed for group %s because it is rebalancing"


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger(NAME)
    level, filters = logger.level, list(logger.filters)
    lower_expected()
    lower_expected()
    yield logger
    logger.setLevel(level)
    logger.filters[:] = filters


def test_a_rebalance_is_reported_as_info(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    logger.setLevel(logging.INFO)

    logger.warning(REBALANCE, "g")

    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_a_rebalance_is_not_reported_where_info_is_off(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    logger.setLevel(logging.WARNING)

    logger.warning(REBALANCE, "g")

    assert not caplog.records


def test_other_warnings_stay(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.WARNING)

    logger.warning("Heartbeat failed for group %s: generation id is not  current.", "g")

    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_formats_are_those_of_the_client() -> None:
    source = inspect.getsource(group_coordinator)
    assert all(message in source for message in EXPECTED[NAME])
