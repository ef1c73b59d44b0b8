"""Funding: what pools pay of a call, as its entry says it, and whether money pays the rest."""

from typing import Final, final

from rater.core.value import Value
from topics.records import Draw


@final
class Funding(Value):
    """The draws on pools, in order; by which version of the plan catalog and which entry about entitlements."""

    __match_args__ = ("draws", "plan_version", "entitlement_seq", "is_waived")
    __slots__ = __match_args__

    def __init__(
        self,
        draws: tuple[Draw, ...],
        plan_version: int | None,
        entitlement_seq: int | None,
        is_waived: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        self.draws: Final = draws
        self.plan_version: Final = plan_version
        self.entitlement_seq: Final = entitlement_seq
        """The latest that says how large the pools are."""
        self.is_waived: Final = is_waived
        """Whether nobody pays what is left to money."""

    @property
    def paid_s(self) -> int:
        """Return the seconds that are paid, in whole units."""
        paid_s = 0
        for draw in self.draws:
            paid_s += draw.quantity or 0
        return paid_s
