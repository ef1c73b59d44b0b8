"""Bounds: what settings decided is as the version in force said, and the version named is that one (R8).

Who sets recharge keeps to the least amount of its currency, and is refused for it only where it does not; a balance
stays within its bound; and whatever names a version names one that may have decided at its time.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.books import UNNUMBERED
from rater.reconcile.folds.settings_versions import UNIT, Version
from rater.reconcile.inputs import Inputs
from topics import catalog
from topics.fields import AMOUNT_MICROS_MAX

PROOF = "bounds"

_AMOUNTS = ("amount_micros", "target_micros", "trigger_micros")


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every entry and every suspense record."""
    ledger, suspense, letters = catalog.LEDGER.name, catalog.SUSPENSE.name, catalog.DEAD.name
    for offset, entry in evidence.books.ledger.items():
        for wrong in (*_named(evidence, entry), *_hold(evidence, entry)):
            yield evidence.differ(PROOF, ledger, offset, entry.tenant_id, wrong)
    for record, suspended in evidence.books.suspense:
        if suspended.reason == "too_old":
            # By the time of the stream, which is at or after that of the record.
            continue
        for wrong in _named(evidence, suspended):
            yield evidence.differ(PROOF, suspense, record.offset, suspended.tenant_id, wrong)
    for record, dead in evidence.books.dead:
        for wrong in _named(evidence, dead):
            yield evidence.differ(PROOF, letters, record.offset, record.key, wrong)


def _hold(evidence: Inputs, entry: Any) -> Iterator[Complaint]:
    settings = evidence.settings.of(entry)
    if entry.kind in UNNUMBERED:
        if entry.kind == "command_rejected":
            yield from _hold_refusal(evidence, entry, settings)
        return
    terms = settings.of(entry.currency)
    if entry.kind == "auto_recharge_set":
        asked = (entry.recharge_micros, entry.target_micros, entry.trigger_micros)
        if any(_is_short(each, terms.recharge_minimum) for each in asked):
            yield Complaint("amounts", f"whole units, at least {terms.recharge_minimum}", asked)
        if entry.enabled and _reached(entry, entry.recharge_micros) > terms.balance_max:
            yield Complaint("amounts", f"within {terms.balance_max}, the bound of a balance", asked)
        each = entry.target_micros if entry.mode == "target" else entry.recharge_micros
        if entry.enabled and (entry.money_cap_micros or each or 0) < (each or 0):
            yield Complaint("money_cap_micros", f"at least {each}", entry.money_cap_micros)
    elif entry.kind in ("charge", "funds_added", "adjusted") and entry.amount_micros:
        grown = abs(entry.balance_micros) > abs(entry.balance_micros - entry.amount_micros)
        # What was captured is credited whatever is plausible: nothing but the largest amount bounds it.
        is_captured = entry.kind == "funds_added" and entry.recharge_seq is not None
        most = AMOUNT_MICROS_MAX if is_captured else terms.balance_max
        if grown and abs(entry.balance_micros) > most:
            yield Complaint("balance_micros", f"within {most}", entry.balance_micros)


def _reached(said: Any, amount: int | None) -> int:
    """Return the highest balance that a recharge so set is meant to lead to."""
    return (
        (said.target_micros or 0)
        if said.mode == "target"
        else (said.trigger_micros or 0) + (amount or 0)
    )


def _named(evidence: Inputs, said: Any) -> Iterator[Complaint]:
    named = getattr(said, "settings_version", None)
    if named is None:
        return
    possible = [each.version for each in evidence.settings.possible(said.at_ms)]
    if named not in possible:
        yield Complaint("settings_version", f"one of {possible}", named)


def _hold_refusal(evidence: Inputs, entry: Any, settings: Version) -> Iterator[Complaint]:
    """Hold the refusal of a recharge's amounts against the command, where it is still there."""
    command = evidence.books.commands.get(entry.source_topic, {}).get(entry.source_offset)
    if (
        entry.reason != "invalid_setting"
        or entry.settings_version is None
        or entry.currency is None
        or command is None
    ):
        return
    terms = settings.of(entry.currency)
    least = terms.recharge_minimum
    asked = [getattr(command, name) for name in _AMOUNTS]
    is_beyond = command.enabled and _reached(command, command.amount_micros) > terms.balance_max
    if not any(_is_short(each, least) for each in asked) and not is_beyond:
        yield Complaint("reason", f"an amount that is not whole units of {least} or more", asked)


def _is_short(micros: int | None, least: int) -> bool:
    return micros is not None and (micros < least or micros % UNIT != 0)
