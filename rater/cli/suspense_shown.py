"""Suspense, shown: groups of calls that wait and the calls themselves, as rows of a table and as objects."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rater.core.account.mending import MENDED_BY
from rater.core.pricing.rules import Rules
from rater.core.times import to_text
from rater.shell.recycling.selection import Waits, stake_of
from rater.wire.pricing.amounts import format_micros

GROUPS_HEAD = ("tenant", "waits for", "calls", "oldest", "at stake", "no price", "mended by")
CALLS_HEAD = (
    "tenant",
    "cdr_id",
    "version",
    "waits for",
    "since",
    "to",
    "started",
    "seconds",
    "at stake",
)


@dataclass(slots=True)
class Group:
    """The calls of a tenant that wait for the same."""

    tenant_id: str
    reason: str
    calls: int = 0
    oldest_ms: int = 1 << 62
    micros: int = 0
    currency: str = ""
    without_price: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many have none by the decks of today, by why."""

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "tenant_id": self.tenant_id,
            "waits_for": self.reason,
            "calls": self.calls,
            "oldest_ms": self.oldest_ms,
            "at_stake_micros": self.micros,
            "currency": self.currency,
            "without_price": dict(self.without_price),
            "mended_by": _mended_by(self.reason),
        }

    def row(self) -> tuple[str, ...]:
        """Return it for people."""
        unknown = ", ".join(f"{n} {why}" for why, n in sorted(self.without_price.items()))
        return (
            *(self.tenant_id, self.reason, f"{self.calls:,}", to_text(self.oldest_ms)),
            f"{format_micros(self.micros)} {self.currency}".rstrip(),
            *(unknown or "-", ", ".join(_mended_by(self.reason))),
        )


def groups_of(calls: Sequence[Waits], rules: Rules, now_ms: int) -> list[Group]:
    """Group calls by tenant and reason, with what they cost by the decks of today."""
    groups: dict[tuple[str, str], Group] = {}
    for each in calls:
        name = each.row.tenant_id, each.row.reason
        group = groups.setdefault(name, Group(*name))
        stake = stake_of(each, rules, now_ms)
        group.calls += 1
        group.oldest_ms = min(group.oldest_ms, each.row.at_ms)
        group.currency = stake.currency
        if stake.micros is None:
            group.without_price[stake.detail] += 1
        else:
            group.micros += stake.micros
    return [groups[name] for name in sorted(groups)]


def call_fields(each: Waits, rules: Rules, now_ms: int) -> dict[str, Any]:
    """Return a call for programs."""
    row, stake = each.row, stake_of(each, rules, now_ms)
    return {
        "tenant_id": row.tenant_id,
        "cdr_id": row.cdr_id,
        "version": row.version,
        "waits_for": row.reason,
        "since_ms": row.at_ms,
        "suspense_id": f"{row.source_topic}/{row.source_partition}/{row.source_offset}",
        "to": each.number(rules, now_ms),
        "started_ms": each.cdr.started_ms,
        "seconds": each.cdr.billsec,
        "at_stake_micros": stake.micros,
        "currency": stake.currency,
        "why_no_price": stake.detail if stake.micros is None else None,
        "mended_by": _mended_by(row.reason),
    }


def call_row(each: Waits, rules: Rules, now_ms: int) -> tuple[str, ...]:
    """Return a call for people."""
    row, stake = each.row, stake_of(each, rules, now_ms)
    cost = (
        stake.detail if stake.micros is None else f"{format_micros(stake.micros)} {stake.currency}"
    )
    return (
        *(row.tenant_id, row.cdr_id, str(row.version), row.reason, to_text(row.at_ms)),
        *(each.number(rules, now_ms), to_text(each.cdr.started_ms), str(each.cdr.billsec), cost),
    )


def _mended_by(reason: str) -> list[str]:
    return [str(each) for each in MENDED_BY.get(reason, ())]
