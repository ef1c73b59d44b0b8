"""Ledger entries of an account's standing: that it is open again, its decks, and what those lack."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import About, Id, Items, Millis, Name, Note
from topics.records.ledger import MoneyEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReopened(MoneyEntry):
    """The account is open again; it was closed from `closed_ms` until now."""

    kind: Literal["account_reopened"]
    command_id: Id
    closed_ms: Millis
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecksSet(MoneyEntry):
    """The account's decks were replaced: these price the calls answered from now on."""

    kind: Literal["decks_set"]
    command_id: Id
    decks: Annotated[list[Name], Items(16, 1)]
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckProblem:
    """A deck of an account that prices nothing."""

    deck_id: Name
    problem: Annotated[
        Literal["unpublished", "other_currency", "retired"],
        About("Nobody has published it; it is in another currency; it is retired."),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckWarning(MoneyEntry):
    """Some of the decks that the entry before gave the account price nothing, as far as the worker knew then."""

    kind: Literal["deck_warning"]
    command_id: Id
    decks: Annotated[list[DeckProblem], Items(16, 1)]
