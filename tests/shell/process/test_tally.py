"""Tally: what the log says once a minute of what was not charged."""

import logging

import pytest

from rater.shell.process.metrics import BatchReport, Metrics
from rater.shell.process.tally import Tally


def report(topic: str, **outcomes: int) -> BatchReport:
    named = {tuple(name.split("__")): count for name, count in outcomes.items()}
    pairs = {(name[0], name[1] if len(name) > 1 else ""): n for name, n in named.items()}
    return BatchReport(
        topic=topic, records=1, outcomes=pairs, decode_s=0.0, decide_s=0.0, commit_s=0.0
    )


def test_what_is_not_charged_is_summed_by_reason_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics, tally = Metrics(), Tally()
    metrics.on_batch.append(tally.note)
    metrics.batch_done(report("cdr.raw.v1", rated=9, suspended__no_rate=2, dead__not_json=1))
    metrics.batch_done(report("cdr.raw.v1", suspended__denied=5, suspended__no_rate=1))
    metrics.batch_done(report("account.commands.v1", accepted=3, rejected__lot_exists=1))

    with caplog.at_level(logging.WARNING):
        tally.say()
        tally.say()

    assert caplog.messages == [
        "account.commands.v1: 1 rejected (lot_exists 1)",
        "cdr.raw.v1: 8 suspended (denied 5, no_rate 3); 1 dead (not_json 1)",
    ]


def test_a_minute_without_any_is_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally()
    tally.note(report("cdr.raw.v1", rated=9, duplicate=2))

    with caplog.at_level(logging.DEBUG):
        tally.say()

    assert caplog.messages == []
