"""Rules: what the engine decides by, besides the account and the CDR. One value for a whole batch."""

from typing import Final, final

from rater.core.charging_settings import SettingsBook
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.numbering import Numbering
from rater.core.pricing.plans.book import NO_BOOK, PlanBook


@final
class Rules:
    """The decks and plans known now, what is known of the world's numbers, and the charging settings."""

    __slots__ = ("book", "numbering", "plans", "settings")

    def __init__(
        self,
        book: DeckBook,
        numbering: Numbering,
        settings: SettingsBook,
        plans: PlanBook = NO_BOOK,
    ) -> None:
        """Without plans all calls are paid from credits."""
        self.book: Final = book
        self.numbering: Final = numbering
        self.settings: Final = settings
        self.plans: Final = plans

    def with_book(self, book: DeckBook) -> "Rules":
        """Return the same rules with other decks."""
        return Rules(book, self.numbering, self.settings, self.plans)

    def with_settings(self, settings: SettingsBook) -> "Rules":
        """Return the same rules with other settings."""
        return Rules(self.book, self.numbering, settings, self.plans)

    def with_plans(self, plans: PlanBook) -> "Rules":
        """Return the same rules with other plans."""
        return Rules(self.book, self.numbering, self.settings, plans)
