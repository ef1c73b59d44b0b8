"""Entitlement: so many licences of a plan in a country from an instant on; an account has a list (`contract`)."""

from typing import Final, final

from rater.core.value import Value


@final
class Entitlement(Value):
    """So many licences of a plan in a country from an instant on; `seq` is the number of the entry that set it."""

    __match_args__ = ("plan_id", "usage_country", "from_ms", "licences", "seq")
    __slots__ = __match_args__

    def __init__(
        self, plan_id: str, usage_country: str, from_ms: int, licences: int, seq: int
    ) -> None:
        self.plan_id: Final = plan_id
        self.usage_country: Final = usage_country
        self.from_ms: Final = from_ms
        self.licences: Final = licences
        self.seq: Final = seq


def in_force(entitlements: list[Entitlement], at_ms: int) -> list[Entitlement]:
    """Return the entitlements that hold at an instant, those to no licence left out, by plan and country."""
    found: dict[tuple[str, str], Entitlement] = {}
    for each in entitlements:
        if each.from_ms <= at_ms:
            found[each.plan_id, each.usage_country] = each
    return [each for each in found.values() if each.licences]


def licences_of(held: list[Entitlement], plan_id: str) -> dict[str, int]:
    """Return how many licences of a plan are held, by usage country."""
    return {each.usage_country: each.licences for each in held if each.plan_id == plan_id}
