"""The notifier on real Kafka, with a real mail server and a real webhook receiver: the mailbox is the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.notifier_stage import notice, staged

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker


async def test_a_notification_reaches_everyone_once(private_broker: Broker, tmp_path: Path) -> None:
    with staged(private_broker.bootstrap, tmp_path) as stage:
        await stage.publish(
            notice("acme", 1, "ada@acme.example", "bob@acme.example", webhook=stage.hook.url),
            notice("globex", 1, "eve@globex.example", language="fr"),
        )
        notifier = stage.start()
        await stage.done()
        print(notifier.text())
        print(stage.sink.counts(), stage.hook.requests)
        print(await stage.marks())
        print(await notifier.terminate(), notifier.text())
