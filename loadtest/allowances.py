"""Allowances: a plan file read as data, and an independent answer to which pools may pay a call.

It understands allowances that count each by itself, of licences, accounts and single users, as those of
`plans.toml` do; of others it says so. It shares no code with the rater: where the two differ, one of them
is wrong.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

LOAD_PLANS = Path(__file__).with_name("plans.toml")
CREDITS = "credits"
_UNIT_S = 60
_MINUTE_S = 60
_KNOWN = {
    "pool",
    "minutes",
    "seconds",
    "per",
    "pooled_by",
    "scope",
    "zones",
    "usage_zones",
    "number_types",
    "call_types",
    "rank",
}


class Licences(NamedTuple):
    """So many licences of a plan in a country."""

    plan_id: str
    country: str
    number: int


class PaidCall(NamedTuple):
    """What decides who pays a call: its type, the country of its user, and what is called."""

    direction: str
    call_type: str
    usage_country: str
    destination: str
    number_type: str
    own_type: str = ""
    """What the number is by itself, whatever the row says that prices it."""


class Source(NamedTuple):
    """A pool that pays: its name without the month, its seconds of a month, its unit; whether one user has it alone."""

    name: str
    total_s: int
    unit_s: int
    is_own: bool = False


class PlanFile:
    """The plans of a file, to be asked who pays a call of somebody who holds some of them."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """Take what the file says."""
        self._plans = content["plans"]
        self._chains = content["chains"]
        if "user_in" in map(str.lower, self._chains.get("in", {})):
            raise ValueError("chains.in.user_in: the load test takes such calls to be free")
        self._zones = {name: frozenset(codes) for name, codes in content.get("zones", {}).items()}
        self._groups = {
            country: name
            for name, countries in content.get("sharing_groups", {}).items()
            for country in countries
        }
        self._unpooled = {_plain(each) for each in content["unpooled_number_types"]}
        if content.get("unpooled_prefixes"):
            raise ValueError("unpooled_prefixes: the load test does not know them")

    @classmethod
    def read(cls, path: Path = LOAD_PLANS) -> "PlanFile":
        """Read a plan file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def sources(
        self, held: tuple[Licences, ...], call: PaidCall, plan_ids: tuple[str, ...] | None = None
    ) -> list[Source]:
        """Return the pools that may pay a call, in the order in which they are drawn.

        `plan_ids`: those of the user whose call it is; None: of nobody who is known, and who has no pool alone.
        """
        types = {_plain(call.number_type), _plain(call.own_type)}
        if not call.destination or types & self._unpooled:
            return []
        named = self._chains.get(call.direction, {})
        chains = {call_type.lower(): pools for call_type, pools in named.items()}
        mine = {each.plan_id for each in held if each.country == call.usage_country}
        if plan_ids is not None:
            mine &= set(plan_ids)
        found = [
            self._source(held, call, plan_id, name)
            for pool in chains.get(call.call_type.lower(), chains.get("*", ()))
            if pool != CREDITS
            for _, plan_id, name in self._named(pool, mine)
            if self._fits(_allowance(self._plans, plan_id, name), call)
        ]
        return [each for each in found if plan_ids is not None or not each.is_own]

    def _named(self, pool: str, plan_ids: set[str]) -> list[tuple[int, str, str]]:
        """Return rank, plan and name of the allowances under a pool's name, in their order."""
        found = [
            (each.get("rank", 0), plan_id, name)
            for plan_id, plan in self._plans.items()
            if plan_id in plan_ids
            for name, each in plan["allowances"].items()
            if each["pool"] == pool
        ]
        return sorted(found, key=lambda each: each[0])

    def _fits(self, allowance: Mapping[str, Any], call: PaidCall) -> bool:
        domestic = self._group(call.usage_country) == self._group(call.destination)
        types = {_plain(each) for each in allowance.get("number_types", ())}
        call_types = {each.lower() for each in allowance.get("call_types", ())}
        return (
            allowance.get("scope", "any") in {"any", "domestic" if domestic else "international"}
            and self._is_in(call.destination, allowance.get("zones"))
            and self._is_in(call.usage_country, allowance.get("usage_zones"))
            and (not types or _plain(call.number_type) in types)
            and (not call_types or call.call_type.lower() in call_types)
        )

    def _source(
        self, held: tuple[Licences, ...], call: PaidCall, plan_id: str, name: str
    ) -> Source:
        """Return the pool of an allowance, as large as the licences that share it make it."""
        allowance = _allowance(self._plans, plan_id, name)
        seconds = allowance.get("seconds", allowance.get("minutes", 0) * _MINUTE_S)
        unit_s = self._plans[plan_id].get("unit_s", _UNIT_S)
        per = allowance.get("per", "licence")
        if per == "user":
            # The one licence that a user has.
            return Source(f"{plan_id}/{name}", seconds, unit_s, is_own=True)
        shared = allowance.get("pooled_by", "country_group") == "country_group"
        per_licence = per == "licence"
        group = self._group(call.usage_country) if per_licence and shared else None
        count = sum(
            each.number
            for each in held
            if each.plan_id == plan_id
            and self._is_in(each.country, allowance.get("usage_zones"))
            and group in {None, self._group(each.country)}
        )
        words = (plan_id, name) if group is None else (plan_id, name, group)
        return Source(
            "/".join(words),
            seconds * (count if per_licence else min(count, 1)),
            unit_s,
        )

    def _group(self, country: str) -> str:
        return str(self._groups.get(country, country))

    def _is_in(self, country: str, zones: list[str] | None) -> bool:
        return not zones or any(country in self._zones[name] for name in zones)


def _allowance(plans: Mapping[str, Any], plan_id: str, name: str) -> Mapping[str, Any]:
    """Return an allowance; one that the load test does not understand is a ValueError."""
    plan = plans[plan_id]
    allowance: Mapping[str, Any] = plan["allowances"][name]
    where = f"plans.{plan_id}.allowances.{name}"
    for field in allowance.keys() - _KNOWN:
        raise ValueError(f"{where}.{field}: the load test does not know it")
    if plan.get("exhaustion", "independent") != "independent":
        raise ValueError(f"plans.{plan_id}.exhaustion: the load test knows 'independent' alone")
    return allowance


def _plain(number_type: str) -> str:
    return "".join(letter for letter in number_type.lower() if letter.isalnum())
