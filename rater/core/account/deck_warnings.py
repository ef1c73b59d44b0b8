"""Deck warnings: what an account's decks lack, said on the ledger when they are set. Nothing is refused for it.

A deck may be set before it is published; until then its calls wait in suspense, and somebody must know.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.heads import entry_head
from rater.core.account.journal import Journal
from rater.core.cdr import Source
from rater.core.pricing.decks import DeckBook, Retirement
from topics.records import DeckProblem, DeckWarning
from topics.records.standing import Problem

UNPUBLISHED: Final[Problem] = "unpublished"
OTHER_CURRENCY: Final[Problem] = "other_currency"
RETIRED: Final[Problem] = "retired"


def warn_of_decks(
    account: Account, command_id: str, source: Source, book: DeckBook, journal: Journal
) -> None:
    """Post a warning about those of the account's decks that price nothing; none where all do."""
    found = [(deck_id, _problem(account, deck_id, source.at_ms, book)) for deck_id in account.decks]
    doubtful = tuple([DeckProblem(deck_id, problem) for deck_id, problem in found if problem])
    if doubtful:
        entry = DeckWarning(*entry_head(account, source, 0, account.debt), command_id, doubtful)
        journal.post(account, entry, "settings", command_id)


def _problem(account: Account, deck_id: str, at_ms: int, book: DeckBook) -> Problem | None:
    currency = book.currency_of(deck_id)
    if currency is None:
        return UNPUBLISHED
    if currency != account.currency:
        return OTHER_CURRENCY
    return RETIRED if isinstance(book.governing(deck_id, at_ms), Retirement) else None
