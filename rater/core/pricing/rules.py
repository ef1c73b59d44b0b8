"""Rules: what the engine decides by, besides the account and the CDR. One value for a whole batch."""

from typing import Final, final

from rater.core.charging_settings import SettingsBook
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.numbering import Numbering


@final
class Rules:
    """The decks known now, what is known of the world's numbers, and the charging settings."""

    __slots__ = ("book", "numbering", "settings")

    def __init__(self, book: DeckBook, numbering: Numbering, settings: SettingsBook) -> None:
        self.book: Final = book
        self.numbering: Final = numbering
        self.settings: Final = settings

    def with_book(self, book: DeckBook) -> "Rules":
        """Return the same rules with other decks."""
        return Rules(book, self.numbering, self.settings)

    def with_settings(self, settings: SettingsBook) -> "Rules":
        """Return the same rules with other settings."""
        return Rules(self.book, self.numbering, settings)
