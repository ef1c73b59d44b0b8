"""Mending: what has to change before a call in suspense can be charged, by what it waits for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rater.core.pricing.unrated import Unrated
from rater.core.suspension import Suspended, Suspension


class Mender(StrEnum):
    """Whose change may mend what a CDR waits for."""

    ACCOUNT = "account"
    """It is opened, reopened, credited, or its decks, licences or users are set."""
    DECKS = "decks"
    PLANS = "plans"
    SETTINGS = "settings"
    WORD = "word"
    """An operator says so, and the ledger is asked first: charging remembers nothing of such calls (A105)."""
    CORRECTION = "correction"
    """No change here: the platform sends a later version that is right, or an operator drops the call."""


MENDED_BY: Final[Mapping[str, tuple[Mender, ...]]] = {
    Suspended.TOO_OLD: (Mender.WORD,),
    Suspended.IN_FUTURE: (Mender.WORD,),
    Suspended.UNKNOWN_TENANT: (Mender.ACCOUNT,),
    Suspended.ACCOUNT_CLOSED: (Mender.ACCOUNT,),
    Suspended.NO_TENANT_CAPABILITY: (Mender.ACCOUNT, Mender.PLANS),
    Suspended.NO_USER_CAPABILITY: (Mender.ACCOUNT, Mender.PLANS),
    Suspended.TOO_MANY_POOLS: (Mender.ACCOUNT, Mender.PLANS),
    Unrated.CONTRADICTORY: (Mender.SETTINGS,),
    Unrated.IMPOSSIBLE_NUMBER: (Mender.CORRECTION,),
    Unrated.UNKNOWN_DECK: (Mender.DECKS, Mender.ACCOUNT),
    Unrated.CURRENCY_MISMATCH: (Mender.DECKS, Mender.ACCOUNT),
    Unrated.SHORT_NUMBER: (Mender.CORRECTION,),
    Unrated.AMBIGUOUS_PREFIX: (Mender.DECKS,),
    Unrated.AMBIGUOUS_ORIGIN: (Mender.DECKS,),
    Unrated.DENIED: (Mender.DECKS,),
    Unrated.NO_RATE: (Mender.DECKS,),
    Unrated.OUTSIDE_BANDS: (Mender.DECKS,),
    Unrated.AMOUNT_TOO_LARGE: (Mender.DECKS, Mender.ACCOUNT, Mender.SETTINGS),
}
"""What mends each reason of a CDR that is kept until it is charged; others have to be written again, or another CDR."""


def is_kept(reason: str) -> bool:
    """Say whether a CDR that waits for a reason is kept until it is charged, freed or dropped."""
    return reason in MENDED_BY


def is_by_word(reason: str) -> bool:
    """Say whether only an operator's word has a CDR charged that waits for a reason."""
    return Mender.WORD in MENDED_BY.get(reason, ())


def is_priceless(why: Suspension) -> bool:
    """Say whether no price is known: then the call is free after the days that the settings ask."""
    return isinstance(why.reason, Unrated)
