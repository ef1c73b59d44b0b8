"""What ends a service is said in a line that says something."""

from __future__ import annotations

import logging

import pytest

from rater.kafka.broker import Broker
from rater.shell.process.refused import log_failed


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError(), "failed: TimeoutError"),
        (RuntimeError("partition 3: not written within 24 s"),
         "failed: partition 3: not written within 24 s"),
    ],
)  # fmt: skip
def test_an_error_without_words_is_told_by_its_name(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        log_failed(error, Broker("a:1"))

    assert [record.getMessage() for record in caplog.records] == [told]
