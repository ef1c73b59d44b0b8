"""Posting: a charge, and what it does to its account. Its entry says the same, but to the world.

A field of an entry takes compiled code forty times as long as one of its own classes, and every charge is applied,
looked at and counted. So what the engine makes it has at hand; of an entry that was read it is made here.
"""

from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.draws import LotDraw, lot_draw_of
from rater.core.account.user import is_of_user, is_waived
from rater.core.pricing.plans.funding import POOL, PoolDraw
from topics.records import Charge


@final
class Posting:
    """A charge as it is posted."""

    __slots__ = (
        "at_ms",
        "balance",
        "change",
        "debt",
        "entry",
        "is_spent",
        "is_waived",
        "lots",
        "micros",
        "owed_of",
        "pools",
        "seq",
        "shortfall",
    )

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        entry: Charge,
        at_ms: int,
        seq: int,
        after: tuple[int, int, int],
        micros: int,
        kind: tuple[bool, bool],
        pools: tuple[PoolDraw, ...] = (),
        lots: list[LotDraw] | None = None,
        shortfall: int = 0,
        owed_of: str | None = None,
    ) -> None:
        """Take an entry; `after`: change of balance, balance, debt; `kind`: its money is late, nobody pays it."""
        is_late, is_waived = kind
        self.entry: Final = entry
        self.at_ms: Final = at_ms
        self.seq: Final = seq
        self.change: Final = after[0]
        self.balance: Final = after[1]
        self.debt: Final = after[2]
        self.micros: Final = micros
        """What the call costs, whoever pays it."""
        self.is_waived: Final = is_waived
        self.is_spent: Final = micros > 0 and not is_late and not is_waived
        """Whether it counts to what the account spends: late money does not, nor what nobody pays."""
        self.pools: Final = pools
        self.lots: Final = lots
        """None where no lot pays."""
        self.shortfall: Final = shortfall
        """What no lot pays: it is owed of the month `owed_of`, or where that is None becomes debt."""
        self.owed_of: Final = owed_of if shortfall else None


def posting_of(account: Account, entry: Charge) -> Posting:
    """Return the posting of an entry; one that draws on a lot that is not there is a broken invariant."""
    lots: list[LotDraw] = []
    pools: list[PoolDraw] = []
    shortfall, owed_of = 0, None
    for draw in entry.draws:
        if draw.source == "lot":
            lots.append(lot_draw_of(account, draw))
        elif draw.source == POOL:
            pools.append(PoolDraw(draw.id or "", draw.quantity or 0, is_of_user(draw.id)))
        elif draw.source != "waived":
            assert draw.source in {"post_paid", "shortfall"}, draw
            shortfall, owed_of = draw.amount_micros or 0, draw.id
    return Posting(
        entry,
        entry.at_ms,
        entry.seq,
        (entry.amount_micros, entry.balance_micros, entry.overdraft_micros),
        entry.charge_micros,
        (entry.reverses is not None or entry.waited is not None, is_waived(entry.draws)),
        tuple(pools),
        lots,
        shortfall,
        owed_of,
    )
