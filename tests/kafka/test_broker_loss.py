"""How long a broker may be missed: times of several rooms that must fit each other."""

from __future__ import annotations

from rater.kafka.broker_loss import (
    BROKER_SESSION_S,
    COMMIT_TIMEOUT_S,
    FENCING_TIMEOUT_S,
    TRANSACTION_TIMEOUT_S,
)
from rater.shell.process.watchdog import PROGRESS_LIMIT_S
from rater.shell.stream.faust_settings import REBALANCE_TIMEOUT_S


def test_a_transaction_that_is_open_when_a_broker_goes_outlives_its_session_twice() -> None:
    assert TRANSACTION_TIMEOUT_S > 2 * BROKER_SESSION_S
    assert FENCING_TIMEOUT_S > 2 * BROKER_SESSION_S


def test_the_outcome_of_a_commit_is_certain_before_a_worker_gives_up_and_the_group_waits_for_both() -> (
    None
):
    assert TRANSACTION_TIMEOUT_S < COMMIT_TIMEOUT_S < REBALANCE_TIMEOUT_S < PROGRESS_LIMIT_S
