"""Running sums of a partition: what its accounts hold, and what has led there, by currency."""

from typing import Annotated, Final

from msgspec import Meta

from topics.fields import Currency, Offset
from topics.records.record import Record

SUM_MICROS_MAX: Final = 2**63 - 1
"""Beyond it a step says no sums, and the next one begins them anew."""

_EITHER_SIGN = Meta(ge=-SUM_MICROS_MAX, le=SUM_MICROS_MAX)
_NOT_NEGATIVE = Meta(ge=0, le=SUM_MICROS_MAX)

SignedSum = Annotated[int, _EITHER_SIGN]
Sum = Annotated[int, _NOT_NEGATIVE]


class CurrencySums(Record, frozen=True):
    """Micros of one currency; all but the first two are counted since the sums began, and are 0 where left out.

    What is held is opening + funds_added + adjusted + charge_reversed + payment_restored - charged - payment_reversed
    - forfeited. What is owed and what is waived is no money of an account, and stands beside it.
    """

    held_micros: Annotated[
        SignedSum,
        Meta(description="What lots hold, those in grace, too, less overdrafts."),
    ]
    in_grace_micros: Annotated[
        Sum,
        Meta(description="So much of it is in lots in grace: balances are what is left."),
    ] = 0
    opening_micros: Annotated[SignedSum, Meta(description="What was held when the sums began.")] = 0
    funds_added_micros: Sum = 0
    adjusted_micros: Annotated[SignedSum, Meta(description="Upwards less downwards.")] = 0
    charged_micros: Annotated[
        Sum, Meta(description="Of charges what lots paid, and what became overdraft.")
    ] = 0
    charge_reversed_micros: Annotated[
        Sum, Meta(description="Of that what corrections and voids gave back.")
    ] = 0
    payment_reversed_micros: Sum = 0
    payment_restored_micros: Sum = 0
    forfeited_micros: Sum = 0
    owed_micros: Annotated[
        SignedSum,
        Meta(description="Of charges what months owe, less what corrections and voids took off."),
    ] = 0
    waived_micros: Annotated[Sum, Meta(description="Of charges what nobody pays.")] = 0


class RunningSums(Record, frozen=True):
    """What the accounts of a partition hold after a step of charging, and what all steps since the sums began moved.

    They begin anew where the manifest before has none: it is of an older release, or older than manifests are kept.
    """

    step: Annotated[
        int,
        Meta(
            ge=1,
            le=2**53 - 1,
            description="1, 2, 3, ... since the sums began, over all sources: a manifest that is missing leaves a gap.",
        ),
    ]
    currencies: Annotated[
        dict[Currency, CurrencySums],
        Meta(description="Those in which money was ever held or moved since the sums began."),
    ]
    ledger_next_offset: Annotated[
        Offset | None,
        Meta(
            description="Behind the last ledger entry of this step, or of the last one that wrote any: the entries "
            "before it are those that the sums are of. None: no step has written any since the sums began."
        ),
    ] = None
