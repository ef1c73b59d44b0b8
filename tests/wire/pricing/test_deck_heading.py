"""Headings of decks from text."""

import pytest

from rater.core.pricing.decks import BandPolicy, Heading
from rater.wire.pricing.deck_heading import read_heading

GOOD = ("USD", "2024-01-01T00:00:00Z", "Europe/Paris", "start")


def test_a_heading_is_read() -> None:
    heading = read_heading("world-2024", 7, GOOD)

    assert isinstance(heading, Heading)
    assert (heading.deck_id, heading.version, heading.currency) == ("world-2024", 7, "USD")
    assert heading.valid_from_ms == 1_704_067_200_000
    assert heading.zone.name == "Europe/Paris"
    assert heading.band_policy is BandPolicy.START


@pytest.mark.parametrize(
    ("deck_id", "version", "place", "text", "said"),
    [
        ("", 1, 0, "USD", "deck_id: ''"),
        ("a/b", 1, 0, "USD", "deck_id: 'a/b'"),
        ("x" * 65, 1, 0, "USD", "deck_id: 'xxx"),
        ("d", 0, 0, "USD", "version: 0"),
        ("d", 2**31, 0, "USD", "version: 2147483648"),
        ("d", 1, 0, "usd", "currency: 'usd'"),
        ("d", 1, 1, "2024-01-01", "valid_from: '2024-01-01'"),
        ("d", 1, 2, "Mars/Base", "time_zone: 'Mars/Base'"),
        ("d", 1, 3, "both", "band_policy: 'both'"),
    ],
)
def test_what_is_wrong_is_told_with_field_and_value(
    deck_id: str, version: int, place: int, text: str, said: str
) -> None:
    terms = [*GOOD]
    terms[place] = text

    found = read_heading(deck_id, version, (terms[0], terms[1], terms[2], terms[3]))

    assert isinstance(found, str)
    assert found.startswith(said)
