"""Funding: what pools pay of a call, as its entry says it, and whether money pays the rest."""

from typing import Final, final

from rater.core.value import Value
from topics.records import ChargeLine, Draw

POOL: Final = "pool"
"""The source of a draw on a pool, and the kind of its line."""
# Bound once: a name of a module that is not compiled is looked up each time.
_DRAW: Final = Draw


@final
class PoolDraw(Value):
    """So many seconds that a call draws on a pool, as compiled code reads it (`Draw` says it to the world)."""

    __match_args__ = ("name", "seconds", "is_own")
    __slots__ = __match_args__

    def __init__(self, name: str, seconds: int, is_own: bool) -> None:  # noqa: FBT001
        self.name: Final = name
        self.seconds: Final = seconds
        self.is_own: Final = is_own
        """Whether the pool is a single user's, and lies in its row."""


@final
class Funding(Value):
    """The draws on pools, in order; by which version of the plan catalog and which entry about entitlements."""

    __match_args__ = ("pools", "plan_version", "entitlement_seq", "is_waived")
    __slots__ = (*__match_args__, "draws", "lines", "paid_s")

    def __init__(
        self,
        pools: tuple[PoolDraw, ...],
        plan_version: int | None,
        entitlement_seq: int | None,
        is_waived: bool = False,  # noqa: FBT001, FBT002
        lines: tuple[ChargeLine, ...] = (),
    ) -> None:
        self.pools: Final = pools
        self.draws: Final = tuple(_DRAW(POOL, each.name, None, each.seconds) for each in pools)
        self.plan_version: Final = plan_version
        self.entitlement_seq: Final = entitlement_seq
        """The latest that says how large the pools are."""
        self.is_waived: Final = is_waived
        """Whether nobody pays what is left to money."""
        self.lines: Final = lines
        """Of each pool one, and behind it what its seconds cost, if they have a price."""
        paid_s = 0
        for each in pools:
            paid_s += each.seconds
        self.paid_s: Final = paid_s
        """The seconds that are paid, in whole units."""
