"""Payments: why a result is not credited, and the decline that no card gave."""

from typing import Final

from msgspec import Struct

from topics.records.payments import QuarantineReason

EXPIRED: Final = "expired"
"""The code of a decline that no card gave: the command came after its time, and was not charged any more."""


class Quarantine(Struct, frozen=True, gc=False):
    """Why a readable result must not be credited: the reason, and a sentence that names field and value."""

    reason: QuarantineReason
    detail: str
