"""Watcher: a broker that is away is waited for, what is old is not shown, a missing right ends it."""

from typing import Any, Self

import pytest
from aiokafka.errors import KafkaConnectionError

from rater.kafka.rights import NotAllowedError
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.watch import watcher as module
from rater.shell.watch.metrics import WatchMetrics
from rater.shell.watch.settings import WatchSettings
from rater.shell.watch.watcher import Watcher
from tests.shell.watch.looks import group_lag, look_of

PLACE = {"group": "rater-charging", "topic": "cdr.raw.v1", "partition": "0"}


def settings(every_s: float = 5.0) -> WatchSettings:
    return WatchSettings(
        broker_address="localhost:1", every_s=every_s, exporter_names=False, metrics_port=0
    )


class Stage:
    """A watcher, the time, and what its observers find; each error closes one observer and makes another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.error: Exception | None = None
        self.opened = self.closed = 0
        stage = self

        class Observer:
            def __init__(self, *_: Any) -> None:
                pass

            async def __aenter__(self) -> Self:
                stage.opened += 1
                return self

            async def __aexit__(self, *_: object) -> None:
                stage.closed += 1

            async def look(self) -> Any:
                if stage.error is not None:
                    raise stage.error
                return look_of(group_lag())

        monkeypatch.setattr(module, "Observer", Observer)
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        self.metrics = WatchMetrics(Metrics(rooms=()), exporter_names=False)
        self.health = Health(self.metrics.shared, parts=("groups",))
        self.health.set_state("serving")
        self.watcher = Watcher(settings(), 8, self.metrics, self.health)

    async def look(self, after_s: float = 5.0) -> None:
        self.now += after_s
        await self.watcher._try_to_look()
        self.watcher._tell_age()

    def lag(self) -> float | None:
        found = self.metrics.shared.registry.get_sample_value("rater_group_lag_seconds", PLACE)
        return None if found is None else float(found)

    def is_ready(self) -> bool:
        return "groups" not in self.health.missing()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


async def test_it_is_ready_with_the_first_look_and_keeps_its_connections(stage: Stage) -> None:
    assert not stage.is_ready()
    await stage.look()
    await stage.look()

    assert stage.is_ready()
    assert stage.lag() == 7.0
    assert (stage.opened, stage.closed) == (1, 0)


async def test_a_broker_that_is_away_makes_numbers_go_away_and_they_come_back(stage: Stage) -> None:
    await stage.look()
    stage.error = KafkaConnectionError("gone")
    for _ in range(3):
        await stage.look()
    assert stage.lag() == 7.0
    await stage.look()
    assert stage.lag() is None
    assert not stage.is_ready()

    stage.error = None
    await stage.look()
    assert stage.lag() == 7.0
    assert stage.is_ready()
    # Each look looks the broker up anew.
    assert (stage.opened, stage.closed) == (5, 4)


async def test_a_missing_right_ends_it(stage: Stage) -> None:
    stage.error = NotAllowedError("User:watch", "Describe", "group rater-charging")

    with pytest.raises(NotAllowedError):
        await stage.look()


async def test_a_broker_that_is_gone_is_not_waited_for_at_the_end(stage: Stage) -> None:
    await stage.look()
    await stage.watcher.stop()
    await stage.watcher.stop()

    assert stage.closed == 1


def test_what_is_old_depends_on_how_often_it_looks() -> None:
    assert [settings(every_s).stale_after_s for every_s in (0.2, 5.0, 60.0)] == [15.0, 15.0, 180.0]
