"""The short storm of kills on a secured broker: TLS, a login for each role, and no super user at work.

The other tests here run so with RATER_TEST_SECURE=1 (`make e2e SECURE=1`).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e import logins
from tests.e2e.broker import chosen_broker, own_broker
from tests.e2e.test_kills_kafka import chance, storm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from deploy.kafka.broker import Broker

__all__ = ["chance"]
SESSION = ("--session-timeout", "4")
"""A worker's logins, one for each of its producers' connections, take their time on a busy machine."""
DENIED = re.compile(r"Principal = (\S+) is Denied .*")


@pytest.fixture
def secured_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """Give a secured broker of one's own, whatever the others have."""
    if chosen_broker() is not None:
        pytest.skip("RATER_BROKER is set, and that broker is not ours to secure")
    monkeypatch.setenv(logins.SWITCH, "1")
    with logins.ready():
        own = own_broker()
        try:
            own.start()
            yield own
        finally:
            own.remove()


@pytest.mark.timeout(400)
async def test_a_short_storm_of_kills_changes_nothing_where_each_role_has_its_own_rights_alone(
    secured_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    assert secured_broker.secured is not None
    everything = secured_broker.secured.folder / "admin.env"
    everything.unlink()

    await storm(secured_broker, tmp_path, chance, SESSION)

    assert not [name for name in os.environ if name.startswith("RATER_KAFKA_")]
    log = secured_broker.log.read_text(errors="replace")
    assert [line[0] for line in DENIED.finditer(log)] == []
