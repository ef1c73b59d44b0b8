"""Pool excess: pools that have paid more than their licences come to, by the catalogs and licences that are known now.

Nothing is charged again when licences are taken away for a time that is over, or when a catalog comes late: so there
may be such pools, and each is named. Of a month its best moment counts, for a call may have begun then.
"""

from collections.abc import Iterator

from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.contract import Contract
from rater.reconcile.folds.plan_versions import PlanVersions
from rater.reconcile.folds.pool_sizes import held_at, size_of


def excesses(
    tenant_id: str, contract: Contract, clocks: Clocks, plans: PlanVersions
) -> Iterator[str]:
    """Yield a sentence for each such pool of an account."""
    for name, used_s in contract.pools.used_s.items():
        month, _, pool = name.partition("/")
        most_s = _most_s(contract, pool, clocks.span(month), plans)
        if most_s is None or used_s <= most_s:
            continue
        plan_id = pool.partition("/")[0]
        seqs = {seq for (known, *_), (_, seq) in contract.licences.items() if known == plan_id}
        entries = ", ".join(map(str, sorted(seqs))) or "none that is left"
        yield (
            f"{tenant_id}: pool {name} has paid {used_s:,} s, its licences come to {most_s:,} s at most; "
            f"entries about them: {entries}"
        )


def _most_s(
    contract: Contract, pool: str, span: tuple[int, int], plans: PlanVersions
) -> int | None:
    """Return the most seconds that a pool had at a moment of a month; None where it is not of licences."""
    start_ms, end_ms = span
    changes = [from_ms for _, _, from_ms in contract.licences]
    changes += [each.valid_from_ms for each in plans.versions]
    sizes = []
    for at_ms in {start_ms, *(each for each in changes if start_ms < each < end_ms)}:
        version = plans.at(at_ms)
        if version is not None:
            sizes.append(size_of(version.content, pool, held_at(contract.licences, at_ms)))
    known = [size.total_s for size in sizes if size is not None]
    return max(known, default=None if sizes else 0)
