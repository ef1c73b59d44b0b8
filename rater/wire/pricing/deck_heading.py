"""Deck heading: what a version says about itself, from text."""

import re

from rater.core.pricing.decks import BandPolicy, Heading
from rater.core.pricing.schedule import Calendars
from rater.wire.moments import NO_MOMENT, read_moment
from rater.wire.pricing.zones import zone_of
from topics.fields import VERSION_MAX

_DECK_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


NO_DECK_ID = "is not 1 to 64 letters, digits, dots, dashes or underscores"
"""What is said of a text that `is_deck_id` does not take, behind field and value."""


def is_deck_id(text: str) -> bool:
    """Say whether a deck may be called so."""
    return _DECK_ID.fullmatch(text) is not None


def read_heading(
    deck_id: str,
    version: int,
    terms: tuple[str, str, str, str],
    calendars: Calendars | str | None = None,
) -> Heading | str:
    """Return a heading of texts, or what is wrong, naming field and value.

    `terms` are currency, valid_from, time zone and band policy; a text in place of `calendars` is what is wrong there.
    """
    currency, valid_from, time_zone, band_policy = terms
    since_ms = read_moment(valid_from)
    zone = zone_of(time_zone)
    wrong = ""
    if not is_deck_id(deck_id):
        wrong = f"deck_id: {deck_id!r} {NO_DECK_ID}"
    elif not 1 <= version <= VERSION_MAX:
        wrong = f"version: {version} is not from 1 to {VERSION_MAX}"
    elif not _CURRENCY.fullmatch(currency):
        wrong = f"currency: {currency!r} is not three capital letters, as in USD"
    elif band_policy not in tuple(BandPolicy):
        wrong = f"band_policy: {band_policy!r} is neither split nor start"
    elif zone is None:
        wrong = f"time_zone: {time_zone!r} is not a time zone like Europe/Paris"
    elif isinstance(calendars, str):
        wrong = calendars
    elif since_ms is not None:
        policy = BandPolicy(band_policy)
        return Heading(deck_id, version, currency, since_ms, zone, policy, calendars)
    return wrong or f"valid_from: {valid_from!r} {NO_MOMENT}"
