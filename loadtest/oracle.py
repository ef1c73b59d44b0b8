"""The oracle: what the ledger says of each tenant, compared with another run or with the plan.

    folds = fold([record.value async for record in topic_log.read(bootstrap, "ledger.entries.v1")])
    assert compare(folds, undisturbed) == []

`fold` adds up what entries say and checks nothing of their rules; that is `rater reconcile`'s work.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtest.expected import Expected
from loadtest.pools import month_of
from loadtest.purse import PROMOTIONAL, Purse
from loadtest.topic_log import read
from topics.catalog import BATCHES_CHANGELOG, CDR_RAW, LEDGER
from topics.manifests import split_manifest

_TOLD_MAX = 3


@dataclass(slots=True)
class Fold:
    """What the entries of one tenant add up to."""

    balance_micros: int = 0
    """The sum of the changes; `last_balance_micros` is what the last entry says it is."""
    last_balance_micros: int = 0
    charges: int = 0
    charged_micros: int = 0
    entries: int = 0
    lots: dict[str, int] = field(default_factory=dict)
    """What is left of each lot, micros; a lot in its grace too."""
    used_s: Counter[str] = field(default_factory=Counter)
    """What was drawn on each pool, seconds."""
    pooled: int = 0
    """Charges that drew on a pool."""
    owed_micros: Counter[str] = field(default_factory=Counter)
    """What is owed of each month."""
    waived_micros: int = 0
    given_micros: dict[str, int] = field(default_factory=dict)
    """What each lot of promotional credit was given."""
    billing: str = ""
    """How the account pays, as it was said last; of the month in which its last entry was written."""
    last_ms: int = field(default=0, compare=False)
    """When that was."""

    def post(self, entry: Mapping[str, Any]) -> None:
        """Add an entry, as parsed from its JSON."""
        self.entries += 1
        if entry["kind"] in {"command_rejected", "call_dropped"}:
            return
        self.last_ms = entry.get("at_ms", self.last_ms)
        self.balance_micros += entry["amount_micros"]
        self.last_balance_micros = entry["balance_micros"]
        if entry["kind"] == "charge":
            self.charges += 1
            self.charged_micros += entry["charge_micros"]
            self.pooled += any(draw.get("source") == "pool" for draw in entry.get("draws", ()))
        if entry["kind"] == "charge_reversed":
            self.charges -= 1
            self.charged_micros -= entry["reversed_micros"]
        if entry["kind"] == "billing_state_changed":
            self.billing = entry["state"]
        for back in entry.get("returns", ()):
            self._draw(back, -1)
        if (lot := entry.get("lot")) is not None:
            self.lots[lot["lot_id"]] = lot["remaining_micros"]
            if lot.get("category") == PROMOTIONAL:
                self.given_micros[lot["lot_id"]] = lot["granted_micros"]
        for draw in entry.get("draws", ()):
            self._draw(draw, 1)
        if entry["kind"] == "lot_forfeited":
            del self.lots[entry["lot_id"]]

    @property
    def given_left_micros(self) -> int:
        """What is left of promotional credit."""
        return sum(self.lots.get(lot_id, 0) for lot_id in self.given_micros)

    def _draw(self, draw: Mapping[str, Any], sign: int) -> None:
        """Take what a source pays, or with -1 give it back; what has no name is no source of ours."""
        match draw.get("source"):
            case "pool":
                self.used_s[draw["id"]] += sign * draw["quantity"]
            case "post_paid":
                self.owed_micros[draw["id"]] += sign * draw["amount_micros"]
            case "waived":
                self.waived_micros += sign * draw["amount_micros"]
            case _ if "id" in draw:
                # Promotional credit that was forfeited may come back.
                left = self.lots.get(draw["id"], 0)
                self.lots[draw["id"]] = left - sign * draw["amount_micros"]


def fold(values: Iterable[bytes | None]) -> dict[str, Fold]:
    """Fold the values of ledger entries, in their order, into one `Fold` per tenant."""
    folds: dict[str, Fold] = {}
    for value in values:
        _take(folds, value)
    return folds


async def fold_topic(bootstrap: str) -> dict[str, Fold]:
    """Fold the whole ledger topic of a broker, as it is read: no entry is kept."""
    folds: dict[str, Fold] = {}
    async for record in read(bootstrap, LEDGER.name):
        _take(folds, record.value)
    return folds


def _take(folds: dict[str, Fold], value: bytes | None) -> None:
    if value is not None:
        entry = orjson.loads(value)
        folds.setdefault(entry["tenant_id"], Fold()).post(entry)


async def outcomes(bootstrap: str) -> Counter[str]:
    """Add up what the batch manifests count of CDRs: rated, free, suspended.REASON and so on."""
    counts: Counter[str] = Counter()
    async for record in read(bootstrap, BATCHES_CHANGELOG.name):
        if record.value is not None and record.key == CDR_RAW.name.encode():
            counts.update(split_manifest(record.value)[0]["outcomes"])
    return counts


def compare(found: Mapping[str, Fold], wanted: Mapping[str, Fold]) -> list[str]:
    """Name every tenant whose fold differs from that of another run; none: the runs agree."""
    return [
        f"{tenant_id}: found {found.get(tenant_id)}, wanted {wanted.get(tenant_id)}"
        for tenant_id in sorted(found.keys() | wanted.keys())
        if found.get(tenant_id) != wanted.get(tenant_id)
    ]


def compare_with_plan(folds: Mapping[str, Fold], expected: Expected) -> list[str]:
    """Name every tenant whose money, lot by lot, charges, pools or debts of months are not what the plan implies."""
    problems = []
    for tenant_id in sorted(folds.keys() | expected.funded_micros.keys()):
        found = folds.get(tenant_id, Fold())
        for name, is_, must in (
            ("balance_micros", found.balance_micros, expected.balance_micros(tenant_id)),
            ("last balance_micros", found.last_balance_micros, expected.balance_micros(tenant_id)),
            ("charges", found.charges, expected.charges[tenant_id]),
            ("charged_micros", found.charged_micros, expected.charged_micros[tenant_id]),
            ("used_s", found.used_s, expected.used_s.get(tenant_id, Counter())),
            ("owed_micros", found.owed_micros, expected.owed_micros.get(tenant_id, Counter())),
            ("waived_micros", found.waived_micros, expected.waived_micros[tenant_id]),
            (
                "billing",
                found.billing,
                expected.billing(tenant_id, month_of(found.last_ms // 1000)),
            ),
            *_lots(found, expected.purses.get(tenant_id)),
        ):
            if is_ != must:
                problems.append(f"{tenant_id}: {name}: {told(is_, must)}")
    pooled = sum(fold.pooled for fold in folds.values())
    if pooled != expected.pooled:
        problems.append(f"charges that drew on pools: found {pooled}, expected {expected.pooled}")
    return problems


def _lots(found: Fold, purse: Purse | None) -> Iterator[tuple[str, object, object]]:
    """Yield what is left of the lots of a tenant that the plan has funded."""
    if purse is not None:
        yield "lots", Counter(found.lots), Counter(purse.left_micros)


def told(found: object, must: object) -> str:
    """Say how two values differ; of counters the first few counts that do, for a tenant may have thousands."""
    if isinstance(found, Counter) and isinstance(must, Counter):
        apart = sorted(name for name in found.keys() | must.keys() if found[name] != must[name])
        few = frozenset(apart[:_TOLD_MAX])
        found, must = _only(found, few), _only(must, few)
        if len(apart) > _TOLD_MAX:
            return f"{len(apart):,} counts, among them found {found}, expected {must}"
    return f"found {found}, expected {must}"


def _only(counts: Counter[str], names: frozenset[str]) -> Counter[str]:
    return Counter({name: count for name, count in counts.items() if name in names})


def compare_outcomes(found: Mapping[str, int], expected: Expected) -> list[str]:
    """Name every outcome that was not counted as often as the plan implies."""
    wanted = expected.outcomes
    return [
        f"{name}: found {found.get(name, 0)}, expected {wanted[name]}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name, 0) != wanted[name]
    ]
