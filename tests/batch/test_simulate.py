"""The simulator: a whole worker without Kafka, whose clock is the lines' own."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from rater.batch.simulate import Simulator
from rater.core.limits import GRACE_MS
from rater.core.times import to_millis
from rater.wire.lines import Line
from tests.build import DAY, NOW, RULES, UNIT, YEAR, Sent, call, command, funds, opening
from topics.catalog import ACCOUNT_STATUS, CDR_RAW, DEAD, LEDGER, SUSPENSE
from topics.partitioner import partition_of


def feed(simulator: Simulator, *sent: Sent) -> list[Line]:
    lines: list[Line] = []
    for record in sent:
        lines += simulator.feed(record.topic, record.key, record.value, record.at_ms)
    return lines


CARRIED = "balance_carried_forward"
MONTHS = range(3, 15)
"""Those that begin while time passes, from January 2026 on."""


def kinds(lines: Iterable[Line]) -> list[str]:
    return [json.loads(x.value or b"")["kind"] for x in lines if x.topic == LEDGER.name]


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator(RULES)
    feed(made, command(opening()), command(funds()))
    return made


def test_a_record_goes_to_the_partition_of_its_key(simulator: Simulator) -> None:
    lines = feed(simulator, call())

    assert {line.partition for line in lines} == {partition_of(b"acme", 8)}
    assert {line.key for line in lines} == {b"acme"}


def test_outputs_have_offsets_of_their_own_without_gaps(simulator: Simulator) -> None:
    lines = feed(simulator, *(call(cdr_id=f"c{n}") for n in range(3)))
    offsets = [line.offset for line in lines if line.topic == LEDGER.name]

    assert offsets == [2, 3, 4]


def test_a_record_may_be_laid_into_another_partition(simulator: Simulator) -> None:
    wrong = (partition_of(b"acme", 8) + 1) % 8
    record = call()
    (line,) = simulator.feed(record.topic, record.key, record.value, NOW, wrong)

    assert (line.topic, line.partition) == (SUSPENSE.name, wrong)


def test_a_lot_expires_and_is_forfeited_while_time_passes(simulator: Simulator) -> None:
    lines = list(simulator.run_until(NOW + YEAR + GRACE_MS))
    said = [(json.loads(x.value or b""), x.timestamp) for x in lines if x.topic == LEDGER.name]
    months = [at_ms for entry, at_ms in said if entry["kind"] == CARRIED]
    times = [at_ms for entry, at_ms in said if entry["kind"] != CARRIED]

    assert [kind for kind in kinds(lines) if kind != CARRIED] == [
        *["lot_expiry_warned"] * 3,
        "lot_expired",
        "lot_forfeited",
    ]
    assert months == [
        to_millis(datetime(2026 + n // 12, n % 12 + 1, 1, tzinfo=UTC)) for n in MONTHS
    ]
    days = [NOW + YEAR - days * DAY for days in (30, 7, 1)]
    assert times == [*days, NOW + YEAR, NOW + YEAR + GRACE_MS]


def test_timers_fire_before_the_record_that_comes_later(simulator: Simulator) -> None:
    lines = feed(simulator, call(NOW + YEAR + 3 * DAY))

    asked = [kind for kind in kinds(lines) if kind != CARRIED]
    assert asked[3:] == ["lot_expired", "lot_forfeited", "charge"]


def test_a_status_that_is_owed_is_paid_a_second_later(simulator: Simulator) -> None:
    feed(simulator, call(cdr_id="a"))
    lines = list(simulator.run_until(NOW + 1_000))

    assert [(line.topic, line.timestamp) for line in lines] == [(ACCOUNT_STATUS.name, NOW + 1_000)]
    assert json.loads(lines[0].value or b"")["balance_micros"] == UNIT - 125_000
    assert list(simulator.run_until(NOW + 90_000)) == []


def test_a_broken_record_comes_out_as_text_that_can_be_read(simulator: Simulator) -> None:
    (line,) = simulator.feed(CDR_RAW.name, b"\xff", b"\xfe{", NOW)
    shown = json.loads(line.as_text())

    assert (line.topic, shown["key"]) == (DEAD.name, "\ufffd")
    assert shown["value"]["reason"] == "not_utf8"
