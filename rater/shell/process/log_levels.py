"""Log levels of what the Kafka client reports as trouble though it is a service's daily business.

A member learns of every rebalance by a refused heartbeat, and a broker that has just started does
not know its coordinators yet. Such lines are kept, as INFO, so that a warning means something.
"""

from __future__ import annotations

import logging

EXPECTED = {
    "aiokafka.consumer.group_coordinator": (
        "Heartbeat failed for group %s because it is rebalancing",
        "Group Coordinator Request failed: %s",
    ),
}


class ExpectedAsInfo(logging.Filter):
    """Lowers the messages with the given formats to INFO."""

    def __init__(self, formats: tuple[str, ...]) -> None:
        """Look for these formats, exactly as the client writes them."""
        super().__init__()
        self._formats = formats

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record unless INFO is switched off for its logger."""
        if record.msg not in self._formats:
            return True
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return logging.getLogger(record.name).isEnabledFor(logging.INFO)


def lower_expected() -> None:
    """Install the filters, once however often it is called."""
    for name, formats in EXPECTED.items():
        logger = logging.getLogger(name)
        if not any(isinstance(known, ExpectedAsInfo) for known in logger.filters):
            logger.addFilter(ExpectedAsInfo(formats))
