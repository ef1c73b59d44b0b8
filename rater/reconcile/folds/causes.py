"""Causes: which record caused an entry: a CDR, a command about a call, another command, or time."""

from rater.reconcile.folds.books import LedgerEntry
from topics import records as r

BY_WORD = frozenset(("too_old", "in_future"))
"""Reasons of suspense for which only an operator's word has a call charged."""


def has_waited(entry: LedgerEntry) -> bool:
    """Say whether an entry charges or frees a call that had been in suspense: a command caused it, not the CDR."""
    return entry.kind == "charge" and entry.waited is not None


def is_by_word(entry: LedgerEntry) -> bool:
    """Say whether an entry charges a call that had waited for an operator's word."""
    return entry.kind == "charge" and entry.waited is not None and entry.waited.reason in BY_WORD


def is_rerated(entry: LedgerEntry) -> bool:
    """Say whether an entry charges a call anew that was rated again: likewise."""
    return entry.kind == "charge" and entry.generation > 0


def is_rating_again(entry: LedgerEntry) -> bool:
    """Say whether an entry is one of the two of a re-rating."""
    return is_rerated(entry) or (entry.kind == "charge_reversed" and entry.by == "rerating")


def is_by_command(entry: LedgerEntry) -> bool:
    """Say whether a command caused the charge of a call."""
    return has_waited(entry) or is_rerated(entry)


def cdr_offset_of(entry: r.Charge | r.ChargeReversed) -> int:
    """Return where the CDR of an entry lies; of a call that had waited not where the timer's command does.

    Of one that was rated again the entry does not say it; ask the first charge.
    """
    if not has_waited(entry) or entry.kind != "charge" or entry.waited is None:
        return entry.source_offset
    place = entry.waited.suspense_id.rpartition("/")[2]
    return int(place) if place.isdecimal() else -1


def command_id_of(entry: LedgerEntry) -> str | None:
    """Return the command that an entry carries out or refuses; None where a CDR or time caused it."""
    match entry.kind:
        case (
            "charge" | "lot_expired" | "lot_forfeited" | "lot_expiry_warned" | "spend_limit_tripped"
        ):
            return None
        case "deck_warning" | "charge_reversed" | "billing_state_changed":
            return None
        case _:
            return entry.command_id
