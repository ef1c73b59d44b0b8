"""Calls: what a CDR itself says against what became of it, whatever the decks say.

No deck prices a short number, one with a trunk zero, or a CDR whose own fields disagree; nobody pays for a call to a
subscriber. What waits for one of these reasons has that fault.
"""

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.number_kinds import kind_by_prefix
from rater.reconcile.folds.plan_versions import PlanVersions
from rater.reconcile.folds.pool_draws import possible_at
from rater.reconcile.folds.settings_versions import Version
from rater.reconcile.reading.sources import SourceCdr, millis
from topics import records as r

SHORTEST = 7
"""Digits of a number that is no short one, hidden ones included."""
_EMERGENCY = re.compile(r"\+?[0-9]{2,9}")
"""As dialled: at most three digits of a calling code and six of the number."""
_SAID = ("emergency", "emergency_out", "dr_emergency_out")


def hold_charge(
    cdr: SourceCdr, entry: r.Charge, settings: Version, plans: PlanVersions
) -> Iterator[Complaint]:
    """Hold a charge against the call that it is for."""
    costs = _cost_by_chain(cdr, entry, plans)
    if entry.deck_id is None:
        if entry.reason == "inbound" and costs == {True}:
            wanted = f"none: a chain names incoming calls of type {cdr.call_type}"
            yield Complaint("reason", wanted, entry.reason)
        if entry.reason in ("unanswered", "zero_duration") and contradicts_itself(cdr, settings):
            yield Complaint("reason", "none: the CDR contradicts itself, and waits", entry.reason)
        if entry.reason == "emergency" and not may_be_emergency(cdr):
            yield Complaint("reason", f"not that of a call to {cdr.to}", entry.reason)
        return
    for reason, has_fault in _FAULTS.items():
        if has_fault(cdr, settings):
            yield Complaint("outcome", f"suspended as {reason}", entry.outcome)
    kind = re.sub(r"[^a-z]", "", (cdr.service_number_type or "").casefold())
    if cdr.direction == "in" and kind == "subscriber" and True not in costs:
        yield Complaint("outcome", "free: the number is a subscriber's", entry.outcome)


def _cost_by_chain(cdr: SourceCdr, entry: r.Charge, plans: PlanVersions) -> set[bool]:
    """Say whether a chain of the plan catalog names an incoming call's type; of catalogs that may have been known."""
    if cdr.direction != "in" or not cdr.call_type:
        return {False}
    asked = cdr.call_type.lower()
    return {
        each is not None
        and any(c.direction == "in" and c.call_type.lower() == asked for c in each.content.chains)
        for each in possible_at(plans, millis(cdr.started_at), entry.at_ms)
    }


def hold_waiting(cdr: SourceCdr, reason: str, settings: Version) -> Iterator[Complaint]:
    """Hold the reason of a suspense record against the CDR that waits."""
    if reason == "account_closed" and is_emergency(cdr):
        yield Complaint("reason", "none: emergency calls are free, of closed accounts too", reason)
    has_fault = _FAULTS.get(reason)
    if has_fault is not None and not has_fault(cdr, settings):
        yield Complaint("reason", "one that the CDR has", reason)


def may_be_emergency(call: SourceCdr | r.ChargedCall) -> bool:
    """Say whether a call may have been one for help: its type says so, or the number dialled is as short as those."""
    is_said = "emergency" in (call.call_type or "").casefold()
    return call.direction == "out" and (is_said or _EMERGENCY.fullmatch(call.to) is not None)


def is_emergency(cdr: SourceCdr) -> bool:
    """Say whether a call was one for help wherever it was made."""
    is_said = (cdr.call_type or "").lower() in _SAID
    return cdr.direction == "out" and (is_said or cdr.to.removeprefix("+") in _everywhere())


@cache
def _everywhere() -> frozenset[str]:
    text = files("rater").joinpath("data", "emergency.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return frozenset(row["number"] for row in rows if row["country"] == "*")


def contradicts_itself(cdr: SourceCdr, settings: Version) -> bool:
    """Say whether disposition, seconds and times of a CDR cannot all be true."""
    if cdr.disposition != "answered":
        return cdr.answered_at is not None and cdr.billsec > 0
    talked_ms, billed_ms = cdr.ended_ms - cdr.answered_ms, 1_000 * cdr.billsec
    if cdr.answered_at is None and billed_ms <= talked_ms:
        return False  # It may have rung before.
    apart_ms = abs(billed_ms - talked_ms)
    in_percent = divmod(100 * apart_ms, max(billed_ms, talked_ms, 1))
    return apart_ms > 1_000 * settings.tolerance_s and in_percent > (settings.tolerance_percent, 0)


def is_short(cdr: SourceCdr, _: Version) -> bool:
    """Say whether a call was to a number that is not E.164, or leads elsewhere from what is no number."""
    if cdr.leads_to is not None and is_no_number(cdr.to):
        return True
    return _is_no_e164(cdr.leads_to or cdr.to)


def is_no_number(dialled: str) -> bool:
    """Say whether a text is neither E.164 nor a short number."""
    return not dialled.startswith("+") and len(dialled) >= SHORTEST


def _is_no_e164(number: str) -> bool:
    return not number.startswith("+") or len(number) - 1 < SHORTEST


def keeps_trunk_zero(cdr: SourceCdr, _: Version) -> bool:
    """Say whether a call was to a number that begins as none does."""
    number = cdr.leads_to or cdr.to
    if _is_no_e164(number):
        return False
    return any(number[:length] in beginnings for length, beginnings in _never().items())


@cache
def _never() -> dict[int, set[str]]:
    """Return how no number begins, by length."""
    never: dict[int, set[str]] = {}
    for prefix, kind in kind_by_prefix().items():
        if kind == "impossible":
            never.setdefault(len(prefix), set()).add(prefix)
    return never


_FAULTS = {
    "contradictory": contradicts_itself,
    "short_number": is_short,
    "impossible_number": keeps_trunk_zero,
}
"""Reasons of suspense that the CDR alone tells."""
