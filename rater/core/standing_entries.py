"""Standing entries: an account that is open again, its decks, and what those lack; in their wire form, as `entries`."""

from rater.core.entries import Entry, Record


class AccountReopened(Entry, tag_field="kind", tag="account_reopened"):
    """The account is open again."""

    command_id: str
    closed_ms: int
    reason: str | None = None


class DecksSet(Entry, tag_field="kind", tag="decks_set"):
    """The decks were replaced."""

    command_id: str
    decks: tuple[str, ...]
    reason: str | None = None


class DeckProblem(Record):
    """A deck of an account that prices nothing, and why."""

    deck_id: str
    problem: str


class DeckWarning(Entry, tag_field="kind", tag="deck_warning"):
    """Some of the decks that an account was given price nothing yet, or no more."""

    command_id: str
    decks: tuple[DeckProblem, ...]
