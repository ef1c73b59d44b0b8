"""Charging settings: what decides about money besides decks and accounts, as one versioned record."""

from dataclasses import dataclass
from typing import Annotated

from topics.fields import About, Currency, Items, Moment, NotNegative, Positive, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTerms:
    """What holds in one currency, where an account has nothing of its own."""

    currency: Currency
    decimals: Annotated[int, Range(0, 4), About("Decimals in which the currency is paid.")]
    spend_per_hour_micros: Annotated[
        NotNegative, About("The fraud breaker's default limit; 0: none.")
    ]
    recharge_minimum_micros: Annotated[
        Positive, About("Least amount, target and trigger of recharge; whole units.")
    ]
    balance_max_micros: Annotated[Positive, About("Bound of a balance, either side of zero.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSettings:
    """One version, whole and immutable; version 0 is what ships with the release, and is on no topic."""

    version: Annotated[int, Range(1, 2**31 - 1)]
    valid_from: Annotated[Moment, About("Decides about records written from then on: stream time.")]
    currencies: Annotated[
        list[CurrencyTerms],
        Items(300, 1),
        About("A currency that is not there has no breaker, and one unit as its least recharge."),
    ]
    window_days: Annotated[
        int, Range(3, 7), About("Calls that ended so many days ago, or earlier, are `too_old`.")
    ]
    duration_tolerance_s: Annotated[int, Range(0, 86_400), About("By so many seconds, or")]
    duration_tolerance_percent: Annotated[
        int, Range(0, 100), About("by so much, `billsec` may differ from what answer and end say.")
    ]
    cdr_max_bytes: Annotated[
        int, Range(1_024, 1_048_576), About("A longer CDR is a dead letter, unread.")
    ]
