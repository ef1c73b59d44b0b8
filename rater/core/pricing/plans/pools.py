"""Pools: what a lookup asks a plan catalog, and what it answers."""

from typing import Final, TypeAlias, final

from rater.core.value import Value
from topics.fields import CallDirection
from topics.records.plans import MinutePrice

Held: TypeAlias = tuple[str, str]
"""A plan that somebody holds, and the usage country that the licence is for."""


@final
class PlanCall(Value):
    """What decides which pools may pay a call. `to` is the number called, with its plus sign where it has one.

    `destination` and `number_type` are what the rate row or the numbering data say of it; empty: nothing.
    """

    __match_args__ = ("direction", "call_type", "to", "destination", "number_type")
    __slots__ = __match_args__

    def __init__(
        self,
        direction: CallDirection,
        call_type: str | None,
        to: str,
        destination: str,
        number_type: str,
    ) -> None:
        self.direction: Final = direction
        self.call_type: Final = call_type
        self.to: Final = to
        self.destination: Final = destination
        self.number_type: Final = number_type


@final
class Pool(Value):
    """Seconds that may pay a call: with tenant, month and, where it is `per` user, the user it names one bucket."""

    __match_args__ = (
        "plan_id",
        "allowance_id",
        "group",
        "source",
        "per",
        "seconds",
        "unit_s",
        "ends_with",
        "prices",
    )
    __slots__ = (*__match_args__, "name")

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        plan_id: str,
        allowance_id: str,
        group: str,
        source: str,
        per: str,
        seconds: int,
        unit_s: int,
        ends_with: tuple[str, ...],
        prices: tuple[MinutePrice, ...] = (),
    ) -> None:
        self.plan_id: Final = plan_id
        self.allowance_id: Final = allowance_id
        self.group: Final = group
        """The sharing group, or the country, whose licences share it; empty: all of the account, or one user."""
        self.source: Final = source
        """The name by which the funding chain draws on it."""
        self.per: Final = per
        self.seconds: Final = seconds
        """A month, of one licence, user or account: `Catalog.total_s` says what they come to."""
        self.unit_s: Final = unit_s
        self.ends_with: Final = ends_with
        """Allowances of the plan of which each, once it is used up, ends this pool, too; one of 0 seconds ends none."""
        self.prices: Final = prices
        """What its seconds cost besides, by currency; empty: nothing."""
        self.name: Final = (
            f"{plan_id}/{allowance_id}/{group}" if group else f"{plan_id}/{allowance_id}"
        )
        """Of the bucket, without its month: with it, `2026-12/MCOPSTN1/domestic/us_pr`."""


@final
class Choice:
    """The pools that may pay a call, in the order in which they are drawn, and the plans that they are of."""

    __slots__ = ("_shared", "plan_ids", "pools")

    def __init__(self, pools: tuple[Pool, ...]) -> None:
        self.pools: Final = pools
        self.plan_ids: Final = tuple(dict.fromkeys([pool.plan_id for pool in pools]))
        shared = tuple([pool for pool in pools if pool.per != "user"])
        self._shared: Final[Choice | None] = None if shared == pools else Choice(shared)

    def shared(self) -> "Choice":
        """Return the choice of somebody who is not known: without the pools that are single users'."""
        return self if self._shared is None else self._shared
