"""Pools: how many seconds of each a tenant has used, month by month, and what pays a call's first ones."""

from collections import Counter
from datetime import UTC, datetime

from loadtest.allowances import Licences, PaidCall, PlanFile, Source

MONTH = "%Y-%m"


class Pools:
    """The pools of one tenant. Its months are those of UTC."""

    def __init__(self, plans: PlanFile, held: tuple[Licences, ...]) -> None:
        """Take what the tenant holds; nothing is used."""
        self.plans = plans
        self.held = held
        self.used_s: Counter[str] = Counter()
        self._sources: dict[PaidCall, list[Source]] = {}

    def draw(self, call: PaidCall, started_s: int, billsec: int) -> int:
        """Use what the pools have for a call that began at an instant; return the seconds that they pay.

        They may be more than the call has: a pool pays whole units, and the last one may be begun.
        """
        sources = self._sources.get(call)
        if sources is None:
            sources = self._sources[call] = self.plans.sources(self.held, call)
        paid_s = 0
        month = datetime.fromtimestamp(started_s, UTC).strftime(MONTH) if sources else ""
        for source in sources:
            name = f"{month}/{source.name}"
            left_s = source.total_s - self.used_s[name]
            while paid_s < billsec and left_s >= source.unit_s:
                paid_s += source.unit_s
                left_s -= source.unit_s
                self.used_s[name] += source.unit_s
        return paid_s
