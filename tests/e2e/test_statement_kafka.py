"""A statement from real Kafka: `rater statement`, in every form, of this month and of the one before."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loadtest.rater_command import run
from tests.e2e.broker import produce
from tests.e2e.charging_fleet import Fleet
from tests.e2e.logins import session
from tests.e2e.test_contracts_kafka import said
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, cdr, set_up
from tests.printing import can_print

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

TO = "+33612345678"
DAY_MS = 86_400_000


def statement(fleet: Fleet, month: str, *words: str, code: int = 0) -> str:
    """Run the command to its end."""
    given = ("statement", "acme", "--month", month, *words, "--broker", fleet.bootstrap)
    return run(*given, accepted=(code,)).text


def figures(fleet: Fleet, month: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(statement(fleet, month, "--format", "json"))
    return found


async def play(fleet: Fleet, before_ms: int, now_ms: int) -> None:
    """Fund in the month before; then call, also late of that month, and take one call back."""
    lot = {"currency": "USD", "amount_micros": 5_000_000}
    lot |= {"purchased_at": datetime.fromtimestamp(before_ms // 1_000, UTC).isoformat()}
    await produce(
        fleet.bootstrap, COMMANDS, [said("acme", "add_funds", "f", lot_id="L1", **lot)], timestamp_ms=before_ms
    )  # fmt: skip
    await fleet.obeyed(COMMANDS)
    calls = [
        cdr("acme", "late", before_ms // 1_000, to=TO, user_id="ann"),
        cdr("acme", "c1", now_ms // 1_000, to=TO, user_id="ann"),
        cdr("acme", "c2", now_ms // 1_000, to=TO, user_id="bob"),
        cdr("acme", "c2", now_ms // 1_000, to=TO, user_id="bob", kind="void", version=2),
    ]
    await produce(fleet.bootstrap, CDRS, calls, timestamp_ms=now_ms)
    await fleet.obeyed(CDRS)


async def test_a_statement_is_proven_and_told_in_every_form(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, session(2))
    now_ms = int(time.time()) * 1_000
    today = datetime.fromtimestamp(now_ms // 1_000, UTC)
    month = f"{today:%Y-%m}"
    before_ms = now_ms - 6 * DAY_MS
    try:
        await set_up(fleet, ["acme"])
        fleet.start()
        await fleet.settled()
        await play(fleet, before_ms, now_ms)
        found = await asyncio.to_thread(figures, fleet, month)
        await asyncio.to_thread(check, fleet, month, found, tmp_path)
        await fleet.stop()
    finally:
        fleet.end()


def check(fleet: Fleet, month: str, found: dict[str, Any], folder: Path) -> None:
    assert found["faults"] == []
    assert (found["currency"], found["closed"]) == ("USD", False)
    moved = {each["movement"]: each["amount_micros"] for each in found["movements"]}
    assert (moved["calls"], moved["corrections"]) == (-3 * 600_000, 600_000)
    assert found["closing_micros"] == 5_000_000 - 2 * 600_000
    assert [(each["user_id"], each["calls"]) for each in found["by_user"]] == [("ann", 2)]
    assert found["taken_back"]["calls"] == 1

    assert "Kontoauszug" in statement(fleet, month, "--language", "de")
    assert "3,80\u00a0USD" in statement(fleet, month, "--language", "fr", "--format", "html")
    assert "balance,closing,,,3.80" in statement(fleet, month, "--format", "csv")
    if can_print():
        place = folder / "statement.pdf"
        statement(fleet, month, "--format", "pdf", "--output", str(place))
        assert place.read_bytes().startswith(b"%PDF-")

    assert "no account of 'nobody'" in run(
        *("statement", "nobody", "--month", month, "--broker", fleet.bootstrap), accepted=(1,)
    ).text  # fmt: skip
    assert "has no entry of 2020-01 or before" in statement(fleet, "2020-01", code=2)
    assert "has not begun" in statement(fleet, "2099-01", code=2)
