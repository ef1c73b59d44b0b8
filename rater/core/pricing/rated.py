"""Rated: what a call costs, and by which row of which deck; its counterpart is `unrated`."""

from typing import Final, final

from rater.core.money import Micros
from rater.core.pricing.decks import Deck
from rater.core.pricing.plans.funding import Funding
from rater.core.pricing.rates import Row
from rater.core.value import Value
from topics.records import ChargeLine
from topics.records.charge import ChargeOutcome, FreeReason


@final
class Rated(Value):
    """What a call costs, and by which row of which deck."""

    __match_args__ = (
        "outcome",
        "charge_micros",
        "deck_id",
        "deck_version",
        "prefix",
        "destination",
        "country",
        "number_type",
        "lines",
        "reason",
        "grace_s",
        "funding",
    )
    __slots__ = (*__match_args__, "row")

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        outcome: ChargeOutcome,
        charge_micros: Micros,
        deck_id: str | None,
        deck_version: int | None,
        prefix: str | None,
        destination: str | None,
        country: str,
        number_type: str,
        lines: tuple[ChargeLine, ...],
        reason: FreeReason | None = None,
        grace_s: int | None = None,
        funding: Funding | None = None,
        row: Row | None = None,
    ) -> None:
        self.outcome: Final = outcome
        """`rated`, or `free` where the deck says so and nothing is charged."""
        self.charge_micros: Final = charge_micros
        self.deck_id: Final = deck_id
        """None, with the three below: no deck was asked, for the account has no credits and pools pay all of it."""
        self.deck_version: Final = deck_version
        self.prefix: Final = prefix
        self.destination: Final = destination
        self.country: Final = country
        self.number_type: Final = number_type
        self.lines: Final = lines
        """What the charge is made of; none where a call of no seconds, or in grace, costs nothing."""
        self.reason: Final = reason
        """Why it is free, where it is."""
        self.grace_s: Final = grace_s
        """Of a call in grace: that of its row."""
        self.funding: Final = funding
        """What pools of minutes pay of it; `lines` and `charge_micros` are then what is left to money, and theirs."""
        self.row: Final = row
        """The only row that has priced the call, for who prices what is left of it; it decides nothing else."""


def in_grace(deck: Deck, row: Row) -> Rated:
    """Return the price of a call that is shorter than the grace of its row."""
    return Rated(
        outcome="free",
        charge_micros=0,
        deck_id=deck.deck_id,
        deck_version=deck.version,
        prefix=row.prefix,
        destination=row.destination,
        country=row.country,
        number_type=row.number_type,
        lines=(),
        reason="grace",
        grace_s=row.grace_s,
    )


def waived(rated: Rated) -> Rated:
    """Return the same price, which nobody pays but pools."""
    before = rated.funding or Funding((), None, None)
    return Rated(
        rated.outcome,
        rated.charge_micros,
        rated.deck_id,
        rated.deck_version,
        rated.prefix,
        rated.destination,
        rated.country,
        rated.number_type,
        rated.lines,
        rated.reason,
        rated.grace_s,
        Funding(before.pools, before.plan_version, before.entitlement_seq, True, before.lines),
    )
