"""The report of a run: what became of the CDRs, read back from the topics after it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtest import charge_story, user_oracle
from loadtest.money import micros_text
from loadtest.oracle import Fold, outcomes
from loadtest.topic_log import read
from loadtest.user_oracle import Records
from topics.catalog import DEAD, LEDGER, SUSPENSE, USER_STATUS, USERS_CHANGELOG

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
    users: Records = field(default_factory=dict)
    """The last status of each user."""
    counts_of_users: Records = field(default_factory=dict)
    """What is kept of each."""
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
    rows = [record.value async for record in read(bootstrap, USERS_CHANGELOG.name)]
    statuses = [record.value async for record in read(bootstrap, USER_STATUS.name)]
    findings.counts_of_users = user_oracle.kept(rows)
    findings.users = user_oracle.latest(statuses)
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
        *_promotional(findings.folds),
        *_users(findings),
        *_post_paid(findings.folds),
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
    most = sorted(paid, key=lambda each: (-each[2], each))[:LARGEST]
    head = f"pools        {calls:>9,}   calls of which plans paid {total:,} s, before money; most of all:"
    return [head, *(f"  {who}: {name:<40} {seconds:>9,} s" for who, name, seconds in most)]


def _promotional(folds: Mapping[str, Fold]) -> list[str]:
    """Say what was given, and what calls have used of it, if anybody was given credit."""
    lots = [micros for fold in folds.values() for micros in fold.given_micros.values()]
    if not lots:
        return []
    left = sum(fold.given_left_micros for fold in folds.values())
    given = f"lots of promotional credit, {micros_text(sum(lots))} given"
    return [f"promotional  {len(lots):>9,}   {given}, {micros_text(left)} of it left"]


def _users(findings: Findings) -> list[str]:
    """Say what is counted and blocked of users, if there are any."""
    if not findings.users:
        return []
    reasons = Counter(
        reason
        for status in findings.users.values()
        for reason in {each["reason"] for each in status.get("blocked", ())}
    )
    spent = sum(
        micros for row in findings.counts_of_users.values() for micros in row["spent"].values()
    )
    waived = sum(fold.waived_micros for fold in findings.folds.values())
    blocked = (
        f"{reasons['user_spend_limit']:,} at their limit, {reasons['restricted']:,} restricted,"
        f" {reasons['no_user_capability']:,} without a licence to spend"
    )
    money = f"spent {micros_text(spent)}, and {micros_text(waived)} that nobody pays"
    return [f"users        {len(findings.users):>9,}   {money}; {blocked}"]


def _post_paid(folds: Mapping[str, Fold]) -> list[str]:
    """Say what is owed of months, if anybody pays later."""
    states = Counter(fold.billing for fold in folds.values() if fold.billing)
    if not states:
        return []
    owed: Counter[str] = Counter()
    for fold in folds.values():
        owed.update(fold.owed_micros)
    months = (
        ", ".join(f"{micros_text(owed[month])} of {month}" for month in sorted(owed)) or "nothing"
    )
    reached = f"{states['limit_reached']:,} at their credit limit"
    again = f"{states['prepaid']:,} prepaid again"
    return [f"post-paid    {states.total():>9,}   accounts owe {months}; {reached}, {again}"]


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
