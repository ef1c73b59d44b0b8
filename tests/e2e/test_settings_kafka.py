"""Charging settings on a real Kafka: loaded, refused, shown, followed by a worker's service."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from rater.cli.config import config
from rater.core.times import to_text
from rater.shell.process.clock import now_ms
from rater.shell.process.metrics import Metrics
from rater.shell.versions.settings_service import SettingsService
from tests.e2e.broker import create_topics, produce
from tests.e2e.logins import reaching, runner
from topics.catalog import CHARGING_SETTINGS
from topics.roles import CHARGING, CONFIG_LOADER

pytestmark = pytest.mark.kafka
UNIT = 1_000_000
LESS = {"currency": "VND", "spend_per_hour_micros": 30_000_000 * UNIT}


@pytest.fixture
async def broker(private_broker: Any) -> str:
    """Return a broker of one's own: the topic's name is fixed."""
    await create_topics(
        private_broker.bootstrap, {CHARGING_SETTINGS.name: 1}, CHARGING_SETTINGS.config()
    )
    return str(private_broker.bootstrap)


def rater(*words: str) -> Result:
    return runner(CONFIG_LOADER).invoke(config, words)


def written(folder: Path, version: int, since_ms: int, **fields: Any) -> str:
    file = folder / f"{version}.json"
    head = {"version": version, "valid_from": to_text(since_ms)}
    file.write_text(json.dumps({**head, "currencies": [LESS], **fields}))
    return str(file)


async def test_a_version_is_loaded_shown_and_followed(broker: str, tmp_path: Path) -> None:
    empty = await asyncio.to_thread(rater, "show", "--broker", broker)
    assert empty.exit_code == 0, empty.output
    assert "version 0: in force" in empty.output
    assert "no breaker unless an account sets one: any that is not in the table" in empty.output

    now = now_ms()
    soon = written(tmp_path, 1, now + 10_000)
    refused = await asyncio.to_thread(rater, "load", soon, "--broker", broker)
    assert (refused.exit_code, "so that every worker knows" in refused.output) == (1, True)

    metrics = Metrics()
    service = SettingsService(reaching(broker, CHARGING), metrics)
    await service.start()
    await asyncio.wait_for(service.ready(), 10)
    assert service.book.at(now).version == 0

    told = await asyncio.to_thread(rater, "load", soon, "--backdate", "--broker", broker)
    again = await asyncio.to_thread(rater, "load", soon, "--broker", broker)
    later = written(tmp_path, 2, now + 3_600_000, window_days=4)
    second = await asyncio.to_thread(rater, "load", later, "--broker", broker)
    assert [told.exit_code, again.exit_code, second.exit_code] == [0, 0, 0], told.output
    assert ["dated back" in each.output for each in (told, again, second)] == [True, False, False]
    assert "version 1 is there already, the same" in again.output

    other = written(tmp_path, 1, now + 3_600_000, window_days=4)
    clash = await asyncio.to_thread(rater, "load", other, "--broker", broker)
    assert "immutable, load it as version 3" in clash.output

    await produce(broker, CHARGING_SETTINGS.name, [(b"3", b"{not json")], partition=0)
    async with asyncio.timeout(10):
        while (  # noqa: ASYNC110
            metrics.registry.get_sample_value(
                "rater_settings_records_refused_total", {"reason": "value"}
            )
            != 1
        ):
            await asyncio.sleep(0.05)
    assert [service.book.at(at).version for at in (now, now + 10_000, now + 3_600_000)] == [0, 1, 2]
    assert service.book.at(now + 10_000).terms("VND").spend_per_hour_micros == 30_000_000 * UNIT
    await service.stop()

    shown = await asyncio.to_thread(rater, "show", "--broker", broker)
    assert "version 2: not yet, from " in shown.output
    assert re.search("^version 1: .*, dated back$", shown.output, re.MULTILINE)
