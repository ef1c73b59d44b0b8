"""Plan catalogs on a real Kafka: loaded whole or not at all, refused, listed; of two loaders one wins."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import Result

from loadtest import stage
from rater.cli.plan import plan
from rater.core.times import to_text
from rater.shell.process.clock import now_ms
from rater.shell.versions.plan_load import plan_loader, read_plans
from rater.shell.versions.shared_loader import LoadRefusedError
from tests.e2e.broker import create_topics, produce
from tests.e2e.charging_fleet import Fleet, Worker
from tests.e2e.logins import reaching, runner
from tests.plan_build import catalog
from topics.catalog import RATE_PLANS
from topics.roles import PLAN_LOADER

pytestmark = pytest.mark.kafka
OFFICE, RESELLER = "rater/data/sample_plans.toml", "rater/data/sample_plans_reseller.toml"

BROKEN = Path(RESELLER).read_text().replace('"national", "credits"', '"nation"')


@pytest.fixture
async def broker(private_broker: Any) -> str:
    """Return a broker of one's own: the topic's name is fixed."""
    await create_topics(private_broker.bootstrap, {RATE_PLANS.name: 1}, RATE_PLANS.config())
    return str(private_broker.bootstrap)


async def rater(broker: str, *words: str) -> Result:
    return await asyncio.to_thread(runner(PLAN_LOADER).invoke, plan, (*words, "--broker", broker))


async def load(broker: str, file: str, version: int, since_ms: int, *more: str) -> Result:
    head = ("--version", str(version), "--valid-from", to_text(since_ms))
    return await rater(broker, "load", file, *head, *more)


async def test_versions_are_loaded_listed_and_refused(broker: str, tmp_path: Path) -> None:
    empty = await rater(broker, "list")
    assert empty.stdout == f"no plan catalog on {broker}: publish one with `rater plan load`\n"

    now = now_ms()
    at_once = await load(broker, OFFICE, 2, now)
    assert (at_once.exit_code, "so that every worker knows" in at_once.stderr) == (1, True)
    first = await load(broker, OFFICE, 2, now, "--backdate")
    assert "version 2 is published: 12 plans, valid from " in first.stdout, first.output
    hint = f"rater rerate --all --from {to_text(now)} --dry-run --by NAME"
    assert "what was charged stays" in first.stderr
    assert hint in first.stderr
    again = await load(broker, OFFICE, 2, now)
    assert (again.exit_code, "is there already, the same" in again.stdout) == (0, True)
    assert "rater rerate" not in again.stderr

    other = await load(broker, RESELLER, 2, now, "--backdate")
    assert (other.exit_code, "immutable, load it as version 3" in other.stderr) == (1, True)
    older = await load(broker, RESELLER, 1, now + 3_600_000)
    assert (older.exit_code, "version: must be above 2, the last, found 1" in older.stderr) == (1, True)  # fmt: skip
    broken = tmp_path / "broken.toml"
    broken.write_text(BROKEN)
    refused = await load(broker, str(broken), 3, now + 3_600_000)
    assert refused.exit_code == 1
    assert 'chains.out.*: must end with credits, found "nation"' in refused.stderr
    assert "nothing was published" in refused.stderr

    later = await load(broker, RESELLER, 3, now + 3_600_000, "--backdate")
    assert later.exit_code == 0, later.output
    assert "rater rerate" not in later.stderr
    listed = [line.split() for line in (await rater(broker, "list")).stdout.splitlines()]
    assert [(row[0], row[2], row[-1]) for row in listed[1:]] == [
        ("2", "12", "force"),
        ("3", "1", "yet"),
    ]
    in_full = (await rater(broker, "list", "--plans")).stdout
    assert "3000 min per licence" in in_full
    assert "MCOPSTN_PAYG_1" in in_full
    assert "NATIONAL_500" not in in_full


async def test_what_cannot_be_used_on_the_topic_is_passed_over(broker: str) -> None:
    await produce(broker, RATE_PLANS.name, [(b"1", b"{not json"), (b"x", b"{}")], partition=0)
    done = await load(broker, RESELLER, 1, now_ms(), "--backdate")

    assert done.exit_code == 0, done.output
    book = await read_plans(reaching(broker, PLAN_LOADER))
    assert [each.version for each in book.versions] == [1]
    assert book.zone("Europe/Madrid").name == "Europe/Madrid", "for accounts outside UTC"


async def test_of_two_loaders_the_later_shuts_out_the_earlier(broker: str) -> None:
    ours, theirs = catalog(valid_from_ms=0), catalog(valid_from_ms=0, unpooled_prefixes=())
    async with (
        plan_loader(reaching(broker, PLAN_LOADER)) as early,
        plan_loader(reaching(broker, PLAN_LOADER)) as late,
    ):
        with pytest.raises(LoadRefusedError, match="another load has begun meanwhile"):
            await early.load(ours, now_ms(), backdate=True)
        assert await late.load(theirs, now_ms(), backdate=True)

    (published,) = (await read_plans(reaching(broker, PLAN_LOADER))).versions
    assert published.record.unpooled_prefixes == ()


async def test_a_topic_that_is_not_there_is_said(private_broker: Any) -> None:
    bootstrap = str(private_broker.bootstrap)
    loaded = await load(bootstrap, OFFICE, 1, now_ms(), "--backdate")
    for done in (await rater(bootstrap, "list"), loaded):
        assert done.exit_code == 2
        assert (
            f"{RATE_PLANS.name} is not on {bootstrap}: make it with `rater topics create`"
            in done.stderr
        )


async def test_a_worker_follows_the_topic_and_one_that_is_restarted_knows_what_was_published(
    private_broker: Any, tmp_path: Path
) -> None:
    bootstrap = str(private_broker.bootstrap)
    await asyncio.to_thread(stage.create_topics, bootstrap)
    fleet = Fleet(bootstrap, tmp_path)
    now = now_ms()
    assert (await load(bootstrap, OFFICE, 1, now - 60_000, "--backdate")).exit_code == 0
    try:
        worker = fleet.start()
        await reached(worker.is_ready, fleet.report)
        assert "plan catalogs: versions [1]" in "\n".join(worker.lines())
        await shown(worker, "rater_plan_catalog_in_force 1.0")
        lines = dict(line.rsplit(" ", 1) for line in (await metrics(worker)).splitlines())
        since_s = float(lines["rater_plan_catalog_valid_from_seconds"])
        assert since_s == (now - 60_000) // 1_000

        await produce(bootstrap, RATE_PLANS.name, [(b"2", b"{not json")], partition=0)
        assert (await load(bootstrap, RESELLER, 2, now + 3_600_000)).exit_code == 0
        await shown(worker, "rater_plan_catalog_version 2.0")
        await shown(worker, 'rater_plan_records_refused_total{reason="value"} 1.0')

        assert await fleet.terminate(worker) == 0
        other = fleet.start()
        await reached(other.is_ready, fleet.report)
        assert "plan catalogs: versions [1, 2]" in "\n".join(other.lines())
        await shown(other, "rater_plan_catalog_in_force 1.0")
        await fleet.stop()
    finally:
        fleet.end()


async def metrics(worker: Worker) -> str:
    """Return what a worker shows."""

    def fetch() -> str:
        with urlopen(worker.address() + "/metrics", timeout=10) as answer:  # noqa: S310
            return str(answer.read().decode())

    return await asyncio.to_thread(fetch)


async def shown(worker: Worker, line: str) -> None:
    """Wait until a worker shows a line."""

    async def is_shown() -> bool:
        return line in (await metrics(worker)).splitlines()

    await reached(is_shown, lambda: f"no {line}")


async def reached(condition: Callable[[], Awaitable[bool]], report: Callable[[], str]) -> None:
    """Wait until a condition holds; fail with a report."""
    deadline = time.monotonic() + 60
    while not await condition():
        assert time.monotonic() < deadline, report()
        await asyncio.sleep(0.1)
