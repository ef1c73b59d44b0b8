"""Deck warnings: what an account's decks lacked when they were set is on the ledger.

Decks and commands have no common order: a deck that was warned of may have been published since. But a deck that is
nowhere must have been warned of, one that has another currency always has it, and a retired one has been retired.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.inputs import Inputs
from topics import catalog

PROOF = "deck warnings"


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every entry that gives an account its decks."""
    accounts = evidence.ledger.accounts
    warned: dict[tuple[str, int], set[str]] = {}
    for offset, entry in evidence.books.ledger.items():
        if entry.kind == "deck_warning":
            warned[entry.tenant_id, entry.seq - 1] = {each.deck_id for each in entry.decks}
            for wrong in _hold(evidence, entry):
                yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)
    known = evidence.shelf.currencies
    for offset, entry in evidence.books.ledger.items():
        match entry.kind:
            case "account_opened" | "decks_set":
                nowhere = [deck for deck in entry.decks if deck not in known]
            case _:
                continue
        told = warned.get((entry.tenant_id, entry.seq), set())
        folded = accounts.get(entry.tenant_id)
        if folded is not None and not folded.has_gaps and not told.issuperset(nowhere):
            wrong = Complaint("deck_warning", f"one that names {nowhere}", sorted(told) or None)
            yield evidence.differ(PROOF, catalog.LEDGER.name, offset, entry.tenant_id, wrong)


def _hold(evidence: Inputs, entry: Any) -> Iterator[Complaint]:
    """Hold a warning against what is known of the decks now."""
    for each in entry.decks:
        currency = evidence.shelf.currencies.get(each.deck_id)
        if each.problem == "other_currency" and currency in {None, entry.currency}:
            yield Complaint("problem", f"{each.deck_id} is in {currency}", each.problem)
        elif each.problem == "retired" and each.deck_id not in evidence.shelf.retired:
            yield Complaint("problem", f"{each.deck_id} is not retired", each.problem)
