"""Rules: what the engine decides by, besides the account and the CDR."""

import msgspec

from rater.core.decks import DeckBook
from rater.core.numbering import Numbering


class Rules(msgspec.Struct, frozen=True):
    """What the engine decides by: the decks known now, and what is known of the world's numbers."""

    book: DeckBook
    numbering: Numbering
