"""The label of a refused record is a field of its topic's records, whatever its writer wrote."""

import pytest

from rater.shell.versions.refused_field import refusable_fields, refused_field
from topics.catalog import CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS


@pytest.mark.parametrize(
    ("detail", "field"),
    [
        ("plans[17].allowances[2].seconds: must be at least 0", "plans"),
        ("valid_from: must be a time", "valid_from"),
        ("value: is no JSON", "value"),
        ("key: is not what it must be", "key"),
        ("tenant_4711: is no field", "other"),
        ("", "other"),
    ],
)
def test_it_is_the_first_field_that_is_named(detail: str, field: str) -> None:
    assert refused_field(detail, RATE_PLANS) == field


def test_two_fields_are_told_by_the_first_of_them() -> None:
    assert refused_field("deck_id, version: x/1 is not what the key says", RATE_DECKS) == "deck_id"


def test_its_words_are_few() -> None:
    for topic in (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS):
        assert {"key", "value", "other", "version"} <= set(refusable_fields(topic))
        assert len(refusable_fields(topic)) < 30
