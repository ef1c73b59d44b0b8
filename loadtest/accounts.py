"""Accounts: the tenants of a plan and the commands that open and fund them."""

import json
import re
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from itertools import accumulate
from math import pow as power
from random import Random
from typing import NamedTuple

from loadtest.plan import Plan
from topics.partitioner import partition_of

DAY_S = 86_400
_UNIT_MICROS = 1_000_000
_LOT_AGE_DAYS_MAX = 300
"""Younger than the 12 months of a lot's life: nothing expires during a run."""
_COUNTRIES = ("US", "FR", "GB", "DE", "ES", "IT", "SE", "JP")
_LOT_UNITS_MIN = 5
_LITTLE = 20
"""Who pays later has one so-many-th of it left."""
_LOT_SPEND_PCT = (15, 130)
"""A lot covers between so much and so much of what its tenant will spend: some run into debt."""
_OURS = re.compile(rb"tenant-[0-9]{4,}")

Record = tuple[int, bytes, bytes | None]
"""Partition, key and value of a record to be sent."""


class Tenant(NamedTuple):
    """A customer: key and partition of its records, its country and its main number."""

    tenant_id: str
    key: bytes
    partition: int
    country: str
    number: str


class Population:
    """The tenants of a plan, some far busier than others."""

    def __init__(self, plan: Plan, partitions: int) -> None:
        """Make the tenants; the first has the greatest share of the calls."""
        self.tenants = [tenant(name_of(k), k, partitions) for k in range(1, plan.tenants + 1)]
        self.zipf_s = plan.zipf_s
        self.shares = list(accumulate(power(k, -plan.zipf_s) for k in range(1, plan.tenants + 1)))

    def share(self, serial: int) -> float:
        """Return which part of the calls the tenant of that serial number makes."""
        return power(serial, -self.zipf_s) / self.shares[-1]


def name_of(serial: int) -> str:
    """Return the id of the tenant of a serial number, 1 the first."""
    return f"tenant-{serial:04}"


def is_ours(key: bytes) -> bool:
    """Say whether a tenant, by its key, has such an id: whoever gave it."""
    return _OURS.fullmatch(key) is not None


def tenant(tenant_id: str, serial: int, partitions: int) -> Tenant:
    """Make a tenant; its number is in a range that no one is given."""
    key = tenant_id.encode()
    country = _COUNTRIES[serial % len(_COUNTRIES)]
    return Tenant(tenant_id, key, partition_of(key, partitions), country, f"+1500555{serial:04}")


def commands(
    plan: Plan, population: Population, later: Container[str] = ()
) -> Iterator[tuple[Tenant, dict[str, object]]]:
    """Yield what opens each account, adds its lots, and sets two thresholds; `later`: the tenants that pay later."""
    random = Random(f"accounts {plan.seed}")
    for serial, each in enumerate(population.tenants, 1):
        spend = int(plan.cdrs * plan.spend_micros * population.share(serial))
        yield (
            each,
            {
                **head(each, "open_account", "open"),
                "currency": plan.currency,
                "decks": [plan.deck_id],
                "time_zone": "UTC",
            },
        )
        for lot in range(1, random.randint(plan.lots_min, plan.lots_max) + 1):
            covered = spend * random.randint(*_LOT_SPEND_PCT) // 100
            units = max(covered // _UNIT_MICROS, _LOT_UNITS_MIN)
            if each.tenant_id in later:
                units = max(units // _LITTLE, 1)
            yield each, _add_funds(plan, each, lot, units * _UNIT_MICROS, random)
        yield each, {**head(each, "set_thresholds", "thresholds"), "thresholds": _thresholds(plan)}


def encode(command: dict[str, object]) -> bytes:
    """Return a command as it goes to its topic."""
    return json.dumps(command, separators=(",", ":")).encode()


def rfc3339(second: int) -> str:
    """Return an instant, seconds since 1970, as commands say it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def head(each: Tenant, kind: str, name: str) -> dict[str, object]:
    """Return what every command of a tenant begins with."""
    return {"type": kind, "command_id": f"{each.tenant_id}-{name}", "tenant_id": each.tenant_id}


def _add_funds(
    plan: Plan, each: Tenant, lot: int, amount_micros: int, random: Random
) -> dict[str, object]:
    bought = plan.start_ms // 1000 - random.randint(1, _LOT_AGE_DAYS_MAX) * DAY_S
    return {
        **head(each, "add_funds", f"lot-{lot}"),
        "lot_id": f"{each.tenant_id}-lot-{lot}",
        "amount_micros": amount_micros,
        "currency": plan.currency,
        "purchased_at": rfc3339(bought),
    }


def _thresholds(plan: Plan) -> list[dict[str, object]]:
    return [
        {"threshold_id": "low", "amount_micros": plan.threshold_micros},
        {"threshold_id": "empty", "amount_micros": 0},
    ]
