"""Population: a deck of about 193,000 prefixes, and statuses of many tenants, as charging writes them."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from loadtest.stage import SAMPLE_DECK

TAILS = (*(str(one) for one in range(10)), *(f"{two:02}" for two in range(0, 92, 4)), "99")
"""Of the longer prefixes that each prefix of the sample deck gets."""
PLANS = SAMPLE_DECK.parent / "sample_plans_reseller.toml"
PLAN_ID = "NATIONAL_500"
YEAR_MS = 365 * 86_400_000
NUMBER_DIGITS = 12
_BLOCKED = ("conference_dial_out", "international", "overage", "toll_free")


def write_deck(path: Path) -> list[str]:
    """Write the deck; return its prefixes, outward ones."""
    with SAMPLE_DECK.open(newline="") as file:
        rows = list(csv.DictReader(file))
    known = {row["prefix"] for row in rows}
    out = [row for row in rows if row["direction"] == "out" and row["action"] == "rate"]
    longer = [
        {**row, "prefix": row["prefix"] + tail}
        for row in out
        for tail in TAILS
        if row["prefix"] + tail not in known
    ]
    unique = {row["prefix"]: row for row in longer}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, *unique.values()])
    return [row["prefix"] for row in out] + list(unique)


def number_of(prefix: str, random: Random) -> str:
    """Return a number under a prefix."""
    missing = max(NUMBER_DIGITS - len(prefix), 0)
    return f"+{prefix}" + "".join(random.choices("0123456789", k=missing))


def status_of(tenant: int, seq: int, at_ms: int, random: Random) -> dict[str, object]:
    """Return a status: a third rich, a third with little, a third with a plan; of ten tenants one has nothing."""
    is_rich, is_planned = tenant % 3 == 0, tenant % 3 == 1
    micros = random.randint(1_000, 5_000_000) if tenant % 10 else 0
    if is_rich:
        micros *= 1_000
    funds = [{"expires_ms": at_ms + YEAR_MS, "amount_micros": micros}] if micros else []
    status: dict[str, object] = {
        "tenant_id": f"tenant-{tenant}",
        "seq": seq,
        "at_ms": at_ms,
        "state": "open",
        "mode": "prepaid",
        "time_zone": "UTC",
        "allowed_call_types": ["emergency", "in_bundle", "inbound"],
        "blocked": [],
        "currency": "USD",
        "balance_micros": micros,
        "overdraft_micros": 0,
        "decks": ["sample"],
        "funds": funds,
    }
    if not micros:
        status["blocked"] = [
            {"call_type": name, "reason": "balance_not_positive"} for name in _BLOCKED
        ]
    if is_planned:
        held = {"plan_id": PLAN_ID, "usage_country": "DE", "valid_from_ms": 0}
        status["entitlements"] = [{**held, "licences": 1, "seq": 2}]
    return status


def record_of(status: dict[str, object]) -> tuple[bytes, bytes]:
    """Return key and value of a status's record."""
    return str(status["tenant_id"]).encode(), json.dumps(status).encode()


def questions(prefixes: Sequence[str], tenants: int, random: Random) -> Iterator[bytes]:
    """Yield questions without end, as requests of a connection that stays open."""
    while True:
        fields = {
            "tenant_id": f"tenant-{random.randrange(tenants)}",
            "to": number_of(random.choice(prefixes), random),
            "from": "+4930123456",
            "call_type": "user_out",
            "usage_country": "DE",
        }
        body = json.dumps(fields).encode()
        head = (
            "POST /v1/authorise HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body
