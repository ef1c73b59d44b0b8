"""Pools: how many seconds of each a tenant has used, month by month, and what pays a call's first ones."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from loadtest.allowances import Licences, PaidCall, PlanFile, Source
from loadtest.dated import Dated
from loadtest.users import User

MONTH = "%Y-%m"
_Asked = tuple[tuple[Licences, ...], PaidCall, tuple[str, ...] | None]


class Pools:
    """The pools of one tenant, and those that its users have alone. Its months are those of UTC."""

    def __init__(self, plans: PlanFile, held: tuple[Licences, ...]) -> None:
        """Take what the tenant holds; nothing is used."""
        self.plans = plans
        self.held = Dated(held)
        self.used_s: Counter[str] = Counter()
        self._sources: dict[_Asked, list[Source]] = {}

    def draws(
        self, call: PaidCall, started_s: int, billsec: int, user: User | None = None
    ) -> dict[str, int]:
        """Return what each pool pays of a call that began at an instant, in seconds, by its name; use nothing.

        Together they may be more than the call has: a pool pays whole units, and the last one may be begun.
        `user`: whose call it is, if that was somebody who was known then.
        """
        found: dict[str, int] = {}
        month = month_of(started_s)
        held = self.held.at(started_s)
        for source in self._that_pay(held, call, None if user is None else user.plan_ids):
            name = f"{month}/{source.name}"
            if source.is_own and user is not None:
                name = f"{name}/user={user.user_id}"
            left_s = source.total_s - self.used_s[name]
            while billsec > 0 and left_s >= source.unit_s:
                found[name] = found.get(name, 0) + source.unit_s
                billsec -= source.unit_s
                left_s -= source.unit_s
        return found

    def use(self, draws: Mapping[str, int]) -> None:
        """Use what pools pay of a call."""
        self.used_s.update(draws)

    def _that_pay(
        self, held: tuple[Licences, ...], call: PaidCall, plan_ids: tuple[str, ...] | None
    ) -> list[Source]:
        sources = self._sources.get((held, call, plan_ids))
        if sources is None:
            sources = self.plans.sources(held, call, plan_ids)
            self._sources[held, call, plan_ids] = sources
        return sources


def month_of(second: int) -> str:
    """Return the month, in UTC, of an instant in seconds since 1970."""
    return datetime.fromtimestamp(second, UTC).strftime(MONTH)
