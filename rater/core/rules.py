"""Rules: what the engine decides by, besides the account and the CDR."""

from collections.abc import Mapping

import msgspec

from rater.core.decks import DeckBook


class Rules(msgspec.Struct, frozen=True):
    """What the engine decides by: the decks known now, and the emergency numbers per country."""

    book: DeckBook
    emergency: Mapping[str, frozenset[str]]
