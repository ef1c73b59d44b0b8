"""Plan versions: the plan catalogs that were in force at any time, read from their topic.

What is held against them, besides what `numbered_versions` does: ids are there once; what a name leads to is
there; a country is in one sharing group; a chain ends with credits and nothing else of it is credits.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.numbered_versions import in_force, read_versions
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of_record
from rater.reconcile.reading.sources import millis
from topics import catalog
from topics import records as r

PROOF = "plans"
TOPIC = catalog.RATE_PLANS.name

MONEY = "credits"
_read = decoder_of_record(r.PlanCatalog)


class Version(NamedTuple):
    """One version of the plan catalog."""

    version: int
    valid_from_ms: int
    content: r.PlanCatalog
    told_ms: int
    """When it was published."""


@dataclass(slots=True)
class PlanVersions:
    """What was published, and what is wrong with the rest."""

    versions: list[Version] = field(default_factory=list)
    faults: list[Difference] = field(default_factory=list)

    def at(self, start_ms: int) -> Version | None:
        """Return the version in force at the start of a call; None: there are no plans yet."""
        return in_force(self.versions, start_ms)


def read_plans(records: Iterable[tuple[int, Record]]) -> PlanVersions:
    """Read the versions on the topic."""
    return PlanVersions(*read_versions(records, _version, PROOF, TOPIC))


def _version(record: Record) -> Version | Complaint:
    """Return the version in a record, or what is wrong with it."""
    try:
        content: r.PlanCatalog = _read(record.value or b"")
        since_ms = millis(msgspec.convert(content.valid_from, datetime))
    except (msgspec.MsgspecError, ValueError) as error:
        return Complaint("value", "a version of the plan catalog", str(error))
    if record.key != str(content.version).encode():
        return Complaint("key", content.version, record.key)
    wrong = next(_wrong(content), None)
    return Version(content.version, since_ms, content, record.at_ms) if wrong is None else wrong


def _wrong(content: r.PlanCatalog) -> Iterator[Complaint]:
    allowances = [(plan, each) for plan in content.plans for each in plan.allowances]
    pools = {each.pool for _, each in allowances}
    zones = {zone.zone_id for zone in content.zones}
    groups = content.sharing_groups
    for what, names in (
        ("plan_id", [plan.plan_id for plan in content.plans]),
        ("allowance_id", [(plan.plan_id, each.allowance_id) for plan, each in allowances]),
        ("zone_id", [zone.zone_id for zone in content.zones]),
        ("group_id", [group.group_id for group in groups]),
        ("sharing_groups", [country for group in groups for country in group.countries]),
        ("call_type", [(chain.direction, chain.call_type.lower()) for chain in content.chains]),
    ):
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            yield Complaint(what, "each once", twice)
    for plan, each in allowances:
        if lost := {*each.zones, *each.usage_zones} - zones:
            yield Complaint("zones", f"zones of the catalog, in {plan.plan_id}", sorted(lost))
    for chain in content.chains:
        *drawn, last = chain.sources
        if last != MONEY or not pools.issuperset(drawn) or MONEY in drawn:
            yield Complaint("sources", f"pools of allowances, then {MONEY}", list(chain.sources))
