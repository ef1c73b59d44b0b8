"""Lot ids: what the charging app remembers of credits and adjustments by hand, and of reversals."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from topics.fields import Id, LotCategory, Millis, TenantId
from topics.records.record import TAG, Record

LOTS_LAYOUT: Final = 2


class _LotIds(Record, frozen=True, tag_field="kind"):
    kind: ClassVar[str] = TAG
    layout: Annotated[
        int,
        Meta(
            ge=LOTS_LAYOUT,
            le=LOTS_LAYOUT,
            description="Of this record; another release's is refused.",
        ),
    ]


class RememberedLot(_LotIds, frozen=True, tag="remembered"):
    """An id that cannot be used again: of a credit by hand, an adjustment, or a reversal."""

    kind: ClassVar[Literal["remembered"]]
    tenant_id: TenantId
    lot_id: Id
    forget_ms: (
        Annotated[
            Millis,
            Meta(
                description="When expiry and grace of the lot are over; none: never, of an adjustment or a reversal."
            ),
        ]
        | None
    ) = None
    category: LotCategory | None = None


class ForgottenLots(_LotIds, frozen=True, tag="forgotten"):
    """Up to when ids have been forgotten: a purchase whose own grace was over by then is refused."""

    kind: ClassVar[Literal["forgotten"]]
    to_ms: Millis
