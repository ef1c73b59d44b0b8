"""Ledger entries of an account's standing: that it is open again, its decks, and what those lack."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import Id, Millis, Name, Note
from topics.records.ledger import MoneyEntry
from topics.records.record import Record


class AccountReopened(MoneyEntry, frozen=True, tag="account_reopened"):
    """The account is open again; it was closed from `closed_ms` until now."""

    kind: ClassVar[Literal["account_reopened"]]
    command_id: Id
    closed_ms: Millis
    reason: Note | None = None


class CreditsOpened(MoneyEntry, frozen=True, tag="credits_opened"):
    """An account without credits has them from here on: a currency, which never changes, and decks."""

    kind: ClassVar[Literal["credits_opened"]]
    command_id: Id
    decks: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=16)]


class DecksSet(MoneyEntry, frozen=True, tag="decks_set"):
    """The account's decks were replaced: these price the calls answered from now on."""

    kind: ClassVar[Literal["decks_set"]]
    command_id: Id
    decks: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=16)]
    reason: Note | None = None


Problem = Literal["unpublished", "other_currency", "retired"]


class DeckProblem(Record, frozen=True):
    """A deck of an account that prices nothing."""

    deck_id: Name
    problem: Annotated[
        Problem,
        Meta(description="Nobody has published it; it is in another currency; it is retired."),
    ]


class DeckWarning(MoneyEntry, frozen=True, tag="deck_warning"):
    """Some of the decks that the entry before gave the account price nothing, as far as the worker knew then."""

    kind: ClassVar[Literal["deck_warning"]]
    command_id: Id
    decks: Annotated[tuple[DeckProblem, ...], Meta(min_length=1, max_length=16)]
