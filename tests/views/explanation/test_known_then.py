"""Known then: what was published after an entry was written explains nothing of it."""

import pytest

from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.decks import Retirement
from rater.views.explanation.known_then import DOUBT_MS, Stamped, known_then, settings_then
from tests.build import settings_version

PUBLISHED = 1_700_000_000_000
LONG = DOUBT_MS + 1
DECKS = [
    Stamped(PUBLISHED - 10 * LONG, Retirement("d", 1, 0, None)),
    Stamped(PUBLISHED, Retirement("d", 2, 0, None)),
]


@pytest.mark.parametrize(
    ("after_ms", "named", "known"),
    [
        (-LONG, None, [1]), (-LONG, 1, [1]), (LONG, None, [1, 2]), (LONG, 1, [1, 2]), (-LONG, 2, [1]),
        (-1, None, [1]), (1, None, [1, 2]), (-1, 2, [1, 2]), (1, 1, [1]),
    ],
)  # fmt: skip
def test_within_a_minute_the_entry_says_it(
    after_ms: int, named: int | None, known: list[int]
) -> None:
    found = known_then(DECKS, PUBLISHED + after_ms, named)

    assert [each.version for each in found] == known


def dated_back(version: int, known_from_ms: int) -> ChargingSettings:
    return settings_version(version=version, known_from_ms=known_from_ms)


def test_settings_that_were_dated_back_are_named_where_they_decided() -> None:
    published = [Stamped(PUBLISHED, dated_back(1, PUBLISHED + 3_600_000))]

    assert settings_then(published, PUBLISHED + 5, None) == []
    assert len(settings_then(published, PUBLISHED + 5, 1)) == 1
    assert len(settings_then(published, PUBLISHED + LONG, None)) == 1
    assert settings_then(published, PUBLISHED - LONG, None) == []
