"""The report of a run: what became of the CDRs, read back from the topics after it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtest import charge_story
from loadtest.money import micros_text
from loadtest.oracle import Fold, outcomes
from loadtest.topic_log import read
from topics.catalog import DEAD, LEDGER, SUSPENSE

LARGEST = 5
_REJECTED = "command_rejected"


@dataclass(slots=True)
class Findings:
    """What the topics hold."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """CDRs by outcome, from the batch manifests: they alone know of duplicates."""
    suspended: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    folds: dict[str, Fold] = field(default_factory=dict)
    currency: str = ""
    told: Mapping[str, Any] | None = None
    """The charge that has the most to tell; None when no call was priced."""
    told_lots: dict[str, int] = field(default_factory=dict)

    @property
    def charged(self) -> int:
        """CDRs that have a charge entry, free ones included."""
        return sum(fold.charges for fold in self.folds.values())

    def post(self, entry: Mapping[str, Any]) -> None:
        """Take a ledger entry."""
        if entry["kind"] == _REJECTED:
            self.rejected[entry["reason"]] += 1
            return
        fold = self.folds.setdefault(entry["tenant_id"], Fold())
        self.currency = entry["currency"]
        if entry["kind"] == "charge" and entry["outcome"] == "rated":
            self._consider(entry, fold)
        fold.post(entry)

    def _consider(self, entry: Mapping[str, Any], fold: Fold) -> None:
        """Keep the entry, and its account's lots as they are, when it has more to tell."""
        worth = charge_story.worth_telling(entry)
        if self.told is None or worth > charge_story.worth_telling(self.told):
            self.told = entry
            self.told_lots = dict(fold.lots)


async def gather(bootstrap: str) -> Findings:
    """Read ledger, suspense, dead letters and manifests."""
    findings = Findings(outcomes=await outcomes(bootstrap))
    async for record in read(bootstrap, LEDGER.name):
        if record.value is not None:
            findings.post(orjson.loads(record.value))
    for topic, counts in ((SUSPENSE, findings.suspended), (DEAD, findings.dead)):
        async for record in read(bootstrap, topic.name):
            if record.value is not None:
                counts[orjson.loads(record.value)["reason"]] += 1
    return findings


def lines(findings: Findings) -> list[str]:
    """Write the report as lines for people."""
    counts = findings.outcomes
    kinds = f"{counts['rated']:,} priced, {counts['free']:,} free"
    return [
        f"charged      {findings.charged:>9,}   ({kinds})",
        f"duplicates   {counts['duplicate']:>9,}   seen again, charged once",
        *_reasons("suspense", findings.suspended),
        *_reasons("dead", findings.dead),
        *(_reasons("rejected", findings.rejected) if findings.rejected else ()),
        *_pools(findings.folds),
        "",
        f"the {LARGEST} accounts that spent most, in {findings.currency}:",
        *_largest(findings.folds),
        "",
        *_told(findings),
    ]


def _reasons(name: str, counts: Counter[str]) -> list[str]:
    head = f"{name:<12} {counts.total():>9,}"
    if not counts:
        return [head]
    ordered = counts.most_common()
    return [head, *(f"  {reason:<24} {count:>7,}" for reason, count in ordered)]


def _pools(folds: Mapping[str, Fold]) -> list[str]:
    """Say what pools paid, if any did."""
    calls = sum(fold.pooled for fold in folds.values())
    paid = [
        (tenant_id, name, seconds)
        for tenant_id, fold in sorted(folds.items())
        for name, seconds in sorted(fold.used_s.items())
    ]
    if not calls:
        return []
    total = sum(seconds for *_, seconds in paid)
    head = f"pools        {calls:>9,}   calls of which plans paid {total:,} s, before money:"
    return [head, *(f"  {who}: {name:<40} {seconds:>9,} s" for who, name, seconds in paid)]


def _largest(folds: Mapping[str, Fold]) -> list[str]:
    ordered = sorted(folds.items(), key=lambda item: (-item[1].charged_micros, item[0]))
    shown = []
    for tenant_id, fold in ordered[:LARGEST]:
        shown.append(
            f"  {tenant_id}: {fold.charges:,} calls, spent {micros_text(fold.charged_micros)},"
            f" balance {micros_text(fold.balance_micros)}"
        )
        shown += [
            f"      {lot_id:<24} {micros_text(left):>12} left"
            for lot_id, left in sorted(fold.lots.items())
        ]
    return shown


def _told(findings: Findings) -> list[str]:
    if findings.told is None:
        return ["no call was priced"]
    story = charge_story.tell(findings.told, findings.told_lots)
    return ["one charge explained:", *(f"  {line}" for line in story)]
