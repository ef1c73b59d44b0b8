"""Rules are a value: a worker replaces them, a batch keeps what it began with."""

from rater.core.pricing.decks import DeckBook
from tests.build import RULES, settings_version


def test_rules_with_other_decks_or_settings_leave_those_of_a_batch_as_they_are() -> None:
    book, settings = RULES.book, RULES.settings
    others = RULES.with_book(DeckBook.of([]))
    later = RULES.with_settings(settings.with_version(settings_version(3)))

    assert (RULES.book, RULES.settings) == (book, settings)
    assert (others.book.versions(), others.settings) == ([], settings)
    assert (later.book, later.settings.at(0).version, settings.at(0).version) == (book, 3, 0)
    assert later.numbering is others.numbering is RULES.numbering
