"""The Kafka Streams reference on real Kafka: it is one to measure against only if its money is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtest import stage
from loadtest.broker import running_broker
from loadtest.drive import by_topic, publish, publish_cdrs
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.rater_command import now_ms
from loadtest.references.streams import APPLICATION, CHARGES, Streams, balances, predict
from loadtest.watch import watching
from tests.e2e.broker import create_topics
from tests.e2e.logins import are_wanted
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    are_wanted(), reason="the reference has no login, and bench none for it"
)
TENANTS = 40


async def charged(plan: Plan, folder: Path) -> tuple[Workload, dict[bytes, int]]:
    """Let two threads charge a plan; return it, and the balance of each tenant."""
    with running_broker("streams") as broker:
        stage.create_topics(broker.bootstrap)
        async with watching(broker.bootstrap, APPLICATION) as watch:
            workload = Workload(plan, stage.SAMPLE_DECK, len(await watch.ends(CDR_RAW.name)))
            await create_topics(broker.bootstrap, {CHARGES: workload.partitions})
            commands = by_topic(workload.commands())[ACCOUNT_COMMANDS.name]
            await publish(broker.bootstrap, ACCOUNT_COMMANDS.name, commands, len(commands))
            await publish_cdrs(broker.bootstrap, workload)
            with Streams(broker.bootstrap, stage.SAMPLE_DECK, folder, 2) as streams:
                await watch.until_done(CDR_RAW.name, timeout_s=120, alive=streams.check)
        return workload, await balances(broker.bootstrap)


@pytest.mark.slow
async def test_its_balances_are_those_that_the_generator_predicts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RATER_BROKER", raising=False)
    plan = Plan.clean(start_ms=now_ms(), seed=5, tenants=TENANTS, cdrs=20_000)

    workload, found = await charged(plan, tmp_path)

    expected = workload.expected
    tenants = workload.population.tenants
    assert {each.key: expected.balance_micros(each.tenant_id) for each in tenants} == found
    assert found == predict(workload, stage.SAMPLE_DECK)


@pytest.mark.slow
async def test_of_all_kinds_of_records_it_charges_what_it_can_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RATER_BROKER", raising=False)
    plan = Plan(start_ms=now_ms(), seed=6, tenants=TENANTS, cdrs=20_000)

    workload, found = await charged(plan, tmp_path)

    assert predict(workload, stage.SAMPLE_DECK) == found
