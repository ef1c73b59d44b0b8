"""Rules are a value: a worker replaces them, a batch keeps what it began with."""

from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from tests.build import RULES, settings_version
from tests.plan_build import catalog


def test_rules_with_other_decks_settings_or_plans_leave_those_of_a_batch_as_they_are() -> None:
    book, settings = RULES.book, RULES.settings
    others = RULES.with_book(DeckBook.of([]))
    later = RULES.with_settings(settings.with_version(settings_version(3)))

    planned = RULES.with_plans(PlanBook([catalog()]))

    assert (RULES.book, RULES.settings) == (book, settings)
    assert (others.book.versions(), others.settings) == ([], settings)
    assert (later.book, later.settings.at(0).version, settings.at(0).version) == (book, 3, 0)
    assert later.numbering is others.numbering is RULES.numbering
    assert (RULES.plans.at(0).version, planned.plans.at(0).version) == (0, 1)
    for changed in (planned.with_book(book), planned.with_settings(settings)):
        assert changed.plans is planned.plans
    assert (planned.book, planned.settings) == (book, settings)
