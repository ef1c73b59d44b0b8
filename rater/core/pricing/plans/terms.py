"""Terms: what an allowance of a plan asks for, with the names of its zones resolved."""

from collections.abc import Mapping
from typing import Final, final

from rater.core.call_types import plain_type
from rater.core.pricing.numbering import plain_kind
from rater.core.pricing.plans.pools import PlanCall
from topics.records.plans import Allowance, Plan


@final
class Terms:
    """An allowance with its plan, its names resolved; None: it asks for nothing there."""

    __slots__ = (
        "allowance",
        "call_types",
        "destinations",
        "number_types",
        "order",
        "plan",
        "usage_countries",
    )

    def __init__(
        self,
        plan: Plan,
        allowance: Allowance,
        order: tuple[int, int, int],
        zones: Mapping[str, frozenset[str]],
    ) -> None:
        self.plan: Final = plan
        self.allowance: Final = allowance
        self.order: Final = order
        self.destinations: Final = _countries(allowance.zones, zones)
        self.usage_countries: Final = _countries(allowance.usage_zones, zones)
        self.number_types: Final = frozenset([plain_kind(t) for t in allowance.number_types])
        self.call_types: Final = frozenset([plain_type(t) for t in allowance.call_types])

    def is_for(self, usage_country: str) -> bool:
        """Tell whether licences of a usage country have the allowance."""
        return self.usage_countries is None or usage_country in self.usage_countries

    def pays(self, call: PlanCall, number_type: str, *, is_domestic: bool) -> bool:
        """Tell whether the allowance is for such calls."""
        scope = self.allowance.scope
        if scope != "any" and (scope == "domestic") != is_domestic:
            return False
        if self.destinations is not None and call.destination not in self.destinations:
            return False
        if self.number_types and number_type not in self.number_types:
            return False
        if not self.call_types:
            return True
        return call.call_type is not None and plain_type(call.call_type) in self.call_types


def _countries(
    names: tuple[str, ...], zones: Mapping[str, frozenset[str]]
) -> frozenset[str] | None:
    """Return the countries of some zones; None where no zone is named: any country."""
    return frozenset().union(*[zones[name] for name in names]) if names else None
