"""Plan: the knobs of the traffic. The same plan gives the same bytes."""

from dataclasses import dataclass, fields
from typing import Literal, Self, get_args

from loadtest.breakages import BREAKAGES

PERCENT = 100.0

Plans = Literal["none", "published", "held", "drawn"]
"""What there is of plans: `Plan.plans`."""
Shape = Literal["random", "steady", "diurnal", "ramp", "spike"]
"""How the calls spread over their time: `Plan.shape`."""
PLANS_HELP = "published: nobody holds any; held: everybody, and they pay nothing; drawn: they pay"
USERS_HELP = "so many a tenant: calls name them, some have pools of their own, some a limit"
CORRECTIONS_HELP = "of a hundred CDRs about so many are of calls that are told wrong at first"
POST_PAID_HELP = "of a hundred tenants about so many pay later"
_LEAST = {
    **dict.fromkeys(("tenants", "start_ms", "ended_spread_s", "lots_min"), 1),
    **dict.fromkeys(("cdrs", "holders", "users", "changes", "disorder_s", "bursts"), 0),
}
_SHARES = ("post_paid", "promotional", "late", "corrections", "hot")
"""Of other things than all CDRs, in percent."""
LATE_DAYS = 5
"""Less than what a CDR may be late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What traffic to make. `_pct` is a share of all CDRs; what is left are plain calls."""

    start_ms: int
    """The calls end shortly before this instant; milliseconds since 1970 UTC."""
    seed: int = 1
    tenants: int = 1_000
    cdrs: int = 100_000
    currency: str = "USD"
    deck_id: str = "sample"
    zipf_s: float = 0.8
    """Skew of the tenants: tenant k has a share as 1/k**s; 0 gives all the same."""
    ended_spread_s: int = 120
    """The calls end within so many seconds before the start."""
    shape: Shape = "random"
    """Of the traffic in this time: `random` is in no order; of the others calls come as they end. `steady`: as many in
    each second; `diurnal`: as an office calls in 24 hours of UTC; `ramp`: more and more; `spike`: ten times as many in
    the middle."""
    disorder_s: int = 0
    """With a shape: a call may have ended so many seconds before one that came ahead of it."""
    hot: float = 0.0
    """Of a hundred calls about so many are of the first tenant, beside its share of the others."""
    bursts: int = 0
    """So often somebody calls dear numbers for a tenant, one after the other: fraud, as it looks."""
    short_calls_pct: float = 15.0
    """Of the answered calls: those of 1 to 10 seconds; the others are lognormal."""
    duration_median_s: float = 95.0
    duration_sigma: float = 1.1
    duration_max_s: int = 14_400
    duplicates_pct: float = 1.0
    """The same bytes again, of one of the last some thousand calls."""
    conflicts_pct: float = 0.1
    """A known id with another duration."""
    unknown_prefix_pct: float = 0.5
    denied_pct: float = 0.2
    unknown_tenant_pct: float = 0.1
    misrouted_pct: float = 0.1
    unanswered_pct: float = 8.0
    emergency_pct: float = 0.1
    inbound_pct: float = 10.0
    toll_free_pct: float = 4.0
    plans: Plans = "none"
    """`published`: nobody holds any. `held`: everybody does, and they pay nothing. `drawn`: they pay."""
    holders: int = 0
    """So many tenants hold plans, the busiest ones; 0: all."""
    users: int = 0
    """Each tenant has so many, and calls name them; 0: calls name some whom nobody has set."""
    post_paid: float = 0.0
    """Of a hundred tenants about so many pay later."""
    promotional: float = 0.0
    """Of a hundred tenants about so many are given credit."""
    late: float = 0.0
    """Of a hundred calls about so many ended up to `LATE_DAYS` earlier: early in a month, in the last one."""
    corrections: float = 0.0
    """Of a hundred records about so many are of calls that are told wrong at first; not with changes."""
    changes: int = 0
    """So many times amid the calls tenants change licences, users and how they pay, and are given credit."""
    broken: tuple[tuple[str, float], ...] = tuple((reason, 0.02) for reason in BREAKAGES)
    """Share in percent of each class of unreadable records, by its reason."""
    lots_min: int = 1
    lots_max: int = 4
    """Each account has so many lots, drawn between the two."""
    threshold_micros: int = 5_000_000
    spend_micros: int = 350_000
    """About what a CDR costs on average; the lots of a tenant are sized by its share of them."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming field and value."""
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name}: {getattr(self, name)}, must be at least {least}")
        for name, share in self._percentages() + [(name, getattr(self, name)) for name in _SHARES]:
            if not 0 <= share <= PERCENT:
                raise ValueError(f"{name}: {share}, must be 0 to 100 percent")
        for name, words in (("plans", Plans), ("shape", Shape)):
            if (word := getattr(self, name)) not in (known := get_args(words)):
                raise ValueError(f"{name}: {word!r}, must be one of {', '.join(known)}")
        self._refuse_together()
        for reason, _ in self.broken:
            if reason not in BREAKAGES:
                raise ValueError(f"broken: {reason!r}, must be one of {', '.join(BREAKAGES)}")
        if self.special_pct() > PERCENT:
            raise ValueError(f"shares: {self.special_pct():g} percent in all, must be at most 100")

    def _refuse_together(self) -> None:
        """Refuse what cannot be made together."""
        if self.disorder_s and self.shape == "random":
            raise ValueError(f"disorder_s: {self.disorder_s}, must be 0 with shape random")
        if self.corrections and self.changes:
            raise ValueError(f"corrections: {self.corrections}, must be 0 with changes")

    @classmethod
    def clean(
        cls, *, start_ms: int, seed: int = 1, tenants: int = 1_000, cdrs: int = 100_000
    ) -> Self:
        """Plan traffic of plain outgoing calls alone: no record repeated, broken or suspended."""
        shares = {item.name: 0.0 for item in fields(cls) if _is_special(item.name)}
        return cls(
            start_ms=start_ms,
            seed=seed,
            tenants=tenants,
            cdrs=cdrs,
            broken=(),
            **shares,  # type: ignore[arg-type]
        )

    @property
    def middle_s(self) -> int:
        """The middle of the time in which calls that are not late end, seconds since 1970."""
        return self.start_ms // 1000 - self.ended_spread_s // 2

    def special_pct(self) -> float:
        """Return the share of all records that are not plain outgoing calls."""
        shares = [share for name, share in self._percentages() if name != "short_calls_pct"]
        return sum(shares)

    def _percentages(self) -> list[tuple[str, float]]:
        named = [(item.name, getattr(self, item.name)) for item in fields(self)]
        shares = [(name, value) for name, value in named if name.endswith("_pct")]
        return shares + [(f"broken {reason}", share) for reason, share in self.broken]


def _is_special(name: str) -> bool:
    return name.endswith("_pct") and name != "short_calls_pct"
