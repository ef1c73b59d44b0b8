"""Lot ids: what the charging app remembers of the credits and adjustments that were made by hand."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import About, Id, Millis, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedLot:
    """An id that cannot be used again: of a credit by hand, or of an adjustment."""

    kind: Literal["remembered"]
    tenant_id: TenantId
    lot_id: Id
    forget_ms: (
        Annotated[
            Millis,
            About("When expiry and grace of the lot are over; none: never, of an adjustment."),
        ]
        | None
    ) = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenLots:
    """Up to when ids have been forgotten: a purchase whose own grace was over by then is refused."""

    kind: Literal["forgotten"]
    to_ms: Millis
