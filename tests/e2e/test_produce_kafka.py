"""An operator's first day on real Kafka: another partition count, commands with answers, what the log says of them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from loadtest.rater_command import Ended, run
from loadtest.service import Worker
from tests.e2e.broker import produce
from tests.e2e.logins import environment

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

SAMPLE_DECK = Path(__file__).parents[2] / "rater" / "data" / "sample_deck.csv"
SAMPLE_PLANS = SAMPLE_DECK.with_name("sample_plans.toml")
NOW = datetime.now(UTC).replace(microsecond=0)
TENANTS = [f"tenant-{n}" for n in range(6)]


def lines(*records: dict[str, object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def sent(broker: str, topic: str, text: str, *options: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "rater", "produce", topic, "--broker", broker, *options],
        env=environment("produce"),
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def opened(tenant: str, **more: object) -> dict[str, object]:
    return {
        "type": "open_account",
        "command_id": f"open-{tenant}",
        "tenant_id": tenant,
        "currency": "USD",
        "decks": ["sample"],
        **more,
    }


def user_set(tenant: str, user_id: str) -> dict[str, object]:
    return {
        "type": "set_user",
        "command_id": f"user-{tenant}-{user_id}",
        "tenant_id": tenant,
        "user_id": user_id,
        "usage_country": "US",
    }


def funded(tenant: str, currency: str = "USD") -> dict[str, object]:
    return {
        "type": "add_funds",
        "command_id": f"fund-{tenant}-{currency}",
        "tenant_id": tenant,
        "lot_id": f"L-{tenant}",
        "amount_micros": 50_000_000,
        "currency": currency,
        "purchased_at": NOW.isoformat(),
    }


def called(tenant: str, to: str) -> dict[str, object]:
    ended = NOW - timedelta(minutes=5)
    return {
        "cdr_id": f"call-{tenant}-{to}",
        "tenant_id": tenant,
        "direction": "out",
        "to": to,
        "started_at": (ended - timedelta(seconds=61)).isoformat(),
        "ended_at": ended.isoformat(),
        "billsec": 61,
    }


def test_any_partition_count_works_and_every_command_has_its_answer(
    private_broker: Broker, tmp_path: Path
) -> None:
    broker = private_broker.bootstrap
    made = run("topics", "create", "--partitions", "3", "--broker", broker).text
    assert "cdr.raw.v1, 3 partitions" in made
    assert "0 made" in run("topics", "create", "--broker", broker).text
    assert "no drift" in run("topics", "check", "--broker", broker).text
    run("deck", "load", str(SAMPLE_DECK), "--deck-id", "sample", "--version", "1", "--currency",
        "USD", "--valid-from", "2026-01-01T00:00:00Z", "--broker", broker)  # fmt: skip
    run("plan", "load", str(SAMPLE_PLANS), "--version", "1", "--valid-from",
        "2026-01-01T00:00:00Z", "--backdate", "--broker", broker)  # fmt: skip

    unheard = sent(broker, "account.commands.v1", lines(opened("early")), "--wait",
                   "--wait-timeout", "1")  # fmt: skip
    assert unheard.code == 2
    assert "open-early  no answer" in unheard.text
    assert "is a charging worker running?" in unheard.text

    with Worker(broker, tmp_path / "charging.log") as worker:
        accepted = sent(broker, "account.commands.v1", lines(*map(opened, TENANTS)), "--wait")
        assert accepted.code == 0, accepted.text
        assert [f"open-{t}  accepted  account_opened" for t in TENANTS] == said(accepted)

        unknown = {**opened("odd"), "decks": ["nodeck", "sample"], "currency": "EUR"}
        warned = sent(broker, "account.commands.v1", lines(unknown), "--wait")
        assert said(warned) == [
            (
                "open-odd  accepted  account_opened; warning: no price by these decks: "
                "nodeck is unpublished, sample is other_currency"
            )
        ]

        mixed = lines(funded(TENANTS[0]), funded(TENANTS[1], "EUR"), opened(TENANTS[0]))
        refused = sent(broker, "account.commands.v1", mixed, "--wait")
        assert refused.code == 1
        assert said(refused) == [
            "fund-tenant-0-USD  accepted  funds_added",
            "fund-tenant-1-EUR  refused  currency_mismatch: currency: EUR, the account's is USD",
            "open-tenant-0  known  has been taken before",
        ]

        calls = lines(called(TENANTS[0], "+33612345678"), called(TENANTS[1], "+999123456789"))
        charged = sent(broker, "cdr.raw.v1", calls, "--wait")
        assert charged.code == 1
        first, second = said(charged)
        assert re.fullmatch(r"call-tenant-0-\S+  charged  rated, \d+ micros", first)
        assert re.match(r"call-tenant-1-\S+  suspended  no_rate: ", second)

        users = [user_set(tenant, name) for tenant in TENANTS[:3] for name in ("ann", "bob/2")]
        assert sent(broker, "account.commands.v1", lines(*users), "--wait").code == 0
        use_plans(broker, TENANTS[0])
        worker.stop()

    for topic in ("user.status.v1", "rater-charging-users-changelog"):
        keys = {str(line["key"]) for line in read(broker, topic, "--tenant", TENANTS[1])}
        assert keys == {f"{TENANTS[1]}/ann", f"{TENANTS[1]}/bob/2"}
    nameless = run("topics", "read", "rate.decks.v1", "--tenant", "x", "--broker", broker,
                   accepted=(2,))  # fmt: skip
    assert "--tenant: keys of rate.decks.v1 name no tenant (deck_id/version/part)" in nameless.text
    proven = run("reconcile", "--complete", "--broker", broker).text
    assert "clean" in proven
    assert re.search(r"^seconds paid by pools +120$", proven, re.MULTILINE)
    assert re.search(r"^charged +\d+\.\d+ USD$", proven, re.MULTILINE)
    log = (tmp_path / "charging.log").read_text()
    assert "account.commands.v1: 1 rejected" in log
    assert "plan MCOPSTN55 of account tenant-0 is in no plan catalog (command typo)" in log
    assert "cdr.raw.v1: 1 suspended (no_rate 1)" in log


def use_plans(broker: str, tenant: str) -> None:
    """Give a tenant a plan that is there and one that is not, and let a pool pay a call whole."""

    def licence(command_id: str, plan_id: str) -> dict[str, object]:
        return {
            "type": "set_entitlements",
            "command_id": command_id,
            "tenant_id": tenant,
            "valid_from": "2026-01-01T00:00:00Z",
            "entitlements": [{"plan_id": plan_id, "usage_country": "FR", "licences": 1}],
        }

    both = lines(licence("plan", "MCOPSTN5"), licence("typo", "MCOPSTN55"))
    assert said(sent(broker, "account.commands.v1", both, "--wait")) == [
        "plan  accepted  entitlements_set",
        "typo  accepted  entitlements_set; warning: in no plan catalog: MCOPSTN55",
    ]
    local = called(tenant, "+33612345699")
    local |= {"call_type": "user_out", "usage_country": "FR"}
    pooled = sent(broker, "cdr.raw.v1", lines(local), "--wait")
    assert pooled.text.endswith("  charged  rated, 0 micros, 120 s paid by pools\n")


def said(ended: Ended) -> list[str]:
    """Return the lines about single records."""
    return [line for line in ended.text.splitlines() if "  " in line]


def test_a_topic_is_read_by_tenant_by_time_and_up_to_its_end(
    bootstrap: str, namespace: str
) -> None:
    run("topics", "create", "--broker", bootstrap)
    tenants = [f"{namespace}-{n}" for n in range(3)]
    assert sent(bootstrap, "account.commands.v1", lines(*map(opened, tenants))).code == 0

    mine = read(bootstrap, "account.commands.v1", "--tenant", tenants[1])
    late = read(bootstrap, "account.commands.v1", "--tenant", tenants[1], "--from", "2100-01-01")
    recent = read(bootstrap, "account.commands.v1", "--from", "5m")
    one = read(bootstrap, "account.commands.v1", "--from", "5m", "--limit", "1")
    followed = read(bootstrap, "account.commands.v1", "--tenant", tenants[1], "-f", "--limit", "1")

    assert [line["value"] for line in mine] == [opened(tenants[1])]
    assert {"topic", "key", "value", "timestamp", "partition", "offset"} == mine[0].keys()
    assert mine[0]["key"] == tenants[1]
    assert late == []
    assert {line["key"] for line in recent} >= set(tenants)
    assert len(one) == 1
    assert followed == mine


def test_what_is_no_text_is_read_as_base64(bootstrap: str, namespace: str) -> None:
    run("topics", "create", "--broker", bootstrap)
    asyncio.run(produce(bootstrap, "cdr.raw.v1", [(namespace.encode(), b"\xff\x00")]))

    (line,) = read(bootstrap, "cdr.raw.v1", "--tenant", namespace)

    assert (line["value"], line["value_b64"]) == (None, "/wA=")


def read(broker: str, topic: str, *options: str) -> list[dict[str, object]]:
    text = run("topics", "read", topic, "--broker", broker, *options).text
    return [json.loads(line) for line in text.splitlines()]
