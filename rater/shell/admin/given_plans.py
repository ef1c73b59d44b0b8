"""Given plans: which plans a published ledger entry gives that no catalog has, for whoever sent the command."""

from collections.abc import Mapping
from typing import Any, Final

from rater.core.account.plan_warnings import unknown_plans
from rater.core.pricing.plans.book import PlanBook
from topics.records import EntitlementsSet, UserSet

GIVING: Final[frozenset[str]] = frozenset((EntitlementsSet.kind, UserSet.kind))
"""Kinds of entries that give plans."""


def warning_of(entry: Mapping[str, Any], plans: PlanBook) -> str | None:
    """Return a warning that names the plans of an entry that no catalog has; None where there are none."""
    if entry.get("kind") not in GIVING:
        return None
    given = [each["plan_id"] for each in entry.get("entitlements", ()) if each["licences"]]
    given += entry.get("plan_ids", ())
    unknown = unknown_plans(given, entry["valid_from_ms"], plans)
    return f"in no plan catalog: {', '.join(unknown)}" if unknown else None
