"""A broker that refuses us: no wait and no traceback helps an operator, so a service says one line and ends."""

import logging

from rater.kafka.broker import Broker
from rater.kafka.refusal import RefusedError
from rater.kafka.rights import causes, not_allowed

log = logging.getLogger(__name__)


def refusal(error: BaseException | None, broker: Broker) -> str | None:
    """Return what the broker refuses, in one line; None: the error is another."""
    for cause in causes(error):
        if isinstance(cause, RefusedError):
            return str(cause)
    refused = not_allowed(error, broker.security.principal())
    return None if refused is None else str(refused)


def log_failed(error: BaseException, broker: Broker) -> None:
    """Log what ends a service: what the broker refuses in one line, anything else with its traceback."""
    told = refusal(error, broker)
    if told is not None:
        log.critical("failed: %(refusal)s", {"refusal": told})
    else:
        log.critical(
            "failed: %(error)s", {"error": str(error) or type(error).__name__}, exc_info=error
        )
