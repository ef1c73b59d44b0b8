"""Charging settings: what decides about money besides decks and accounts, as one versioned record."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import Currency, Moment, NotNegative, Positive, TenantId, Version, whole
from topics.records.record import Record

DECIMALS_MAX = 4
CURRENCIES_MAX = 300
WINDOW_DAYS_MIN, WINDOW_DAYS_MAX = 3, 7
CDR_BYTES_MIN, CDR_BYTES_MOST = 1_024, 1_048_576
HIDDEN_DIGITS_MAX = 6
NUMBER_MASKS_MAX = 300
FREECALL_DAYS_MAX = 90
CANARY_TENANTS_MAX = 64
HELD_TENANTS_MAX = 1_000


class CurrencyTerms(Record, frozen=True):
    """What holds in one currency, where an account has nothing of its own."""

    currency: Currency
    decimals: Annotated[
        int, Meta(ge=0, le=DECIMALS_MAX, description="Decimals in which the currency is paid.")
    ]
    spend_per_hour_micros: Annotated[
        NotNegative, Meta(description="The fraud breaker's default limit; 0: none.")
    ]
    recharge_minimum_micros: Annotated[
        Positive, Meta(description="Least amount, target and trigger of recharge; whole units.")
    ]
    balance_max_micros: Annotated[
        Positive, Meta(description="Bound of a balance, either side of zero.")
    ]


class NumberMask(Record, frozen=True):
    """How many last digits are hidden of numbers that begin so; the longest beginning holds."""

    prefix: Annotated[
        str,
        Meta(
            max_length=8,
            pattern=whole(r"(\+[1-9][0-9]{0,6})?"),
            description="A calling code, or more digits; empty: all other numbers.",
        ),
    ]
    digits: Annotated[int, Meta(ge=0, le=HIDDEN_DIGITS_MAX)]


class ChargingSettings(Record, frozen=True):
    """One version, whole and immutable; version 0 is what ships with the release, and is on no topic."""

    version: Version
    valid_from: Annotated[
        Moment, Meta(description="Decides about records written from then on: stream time.")
    ]
    currencies: Annotated[
        list[CurrencyTerms],
        Meta(
            min_length=1,
            max_length=CURRENCIES_MAX,
            description="A currency that is not there has no breaker, and one unit as its least recharge.",
        ),
    ]
    window_days: Annotated[
        int,
        Meta(
            ge=WINDOW_DAYS_MIN,
            le=WINDOW_DAYS_MAX,
            description="Calls that ended so many days ago, or earlier, are `too_old`.",
        ),
    ]
    duration_tolerance_s: Annotated[
        int, Meta(ge=0, le=86_400, description="By so many seconds, or")
    ]
    duration_tolerance_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="by so much, `billsec` may differ from what answer and end say.",
        ),
    ]
    cdr_max_bytes: Annotated[
        int,
        Meta(
            ge=CDR_BYTES_MIN,
            le=CDR_BYTES_MOST,
            description="A longer CDR is a dead letter, unread.",
        ),
    ]
    number_masks: Annotated[
        tuple[NumberMask, ...],
        Meta(
            max_length=NUMBER_MASKS_MAX,
            description="Tails of personal numbers that ledger, suspense and dead letters hide; empty: none.",
        ),
    ] = ()
    corrections: Annotated[
        bool,
        Meta(
            description="Whether corrections and voids are taken; else they wait as `correction_unsupported`."
        ),
    ] = True
    freecall_after_days: Annotated[
        int,
        Meta(
            ge=0,
            le=FREECALL_DAYS_MAX,
            description="A call that has waited so many days for a price is free; 0: it waits for ever.",
        ),
    ] = 0
    promotional_credit: Annotated[
        Literal["first", "last"],
        Meta(description="Whether it is drawn before money that was paid for, or after it."),
    ] = "first"
    canary_tenants: Annotated[
        tuple[TenantId, ...],
        Meta(
            max_length=CANARY_TENANTS_MAX,
            description="Tenants of our own, with play money alone: their payments go to the simulator, and revenue "
            "leaves them out. Of a version that is dated back, from its `known_from` on.",
        ),
    ] = ()
    payments_held: Annotated[
        bool,
        Meta(
            description="Maintenance: no new payment is asked for, of any tenant; what is in flight goes to its end."
        ),
    ] = False
    payments_held_of: Annotated[
        tuple[TenantId, ...],
        Meta(max_length=HELD_TENANTS_MAX, description="Likewise, of these tenants alone."),
    ] = ()
    charging_held: Annotated[
        bool,
        Meta(
            description="Maintenance: no CDR is charged, of any tenant; all wait on their topic, in their order."
        ),
    ] = False
    known_from: (
        Annotated[
            Moment,
            Meta(
                description="Written by the loader into a version that is dated back: what it decides about records "
                "of before then names it. What names none was decided by the others."
            ),
        ]
        | None
    ) = None
