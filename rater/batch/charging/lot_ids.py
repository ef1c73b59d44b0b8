"""Lot ids: what comes or goes once in an account's life, whatever the window of the charge index forgets (R9).

The window forgets a command after days; these ids are kept in a table of their own. Remembered are the lots of manual
credits, and all adjustments and reversals, those too that open no lot; of recharge's credits the account itself keeps
the last number.

Rule 1: the id of a purchase is kept until the expiry and grace of its lot are over. From then on the purchase is
refused by its date: it would open expired.
Rule 2: an adjustment, or a reversal that takes or gives back, has no date that could refuse it: its id is kept for
good.
Rule 3: no clock can go behind what has been forgotten: up to when, is in the table too.
Rule 4: an account has at most LOT_IDS_MAX ids. When they are all taken, credits and adjustments by hand are refused
until one is forgotten; nothing is forgotten early. Reversals count, and are taken beyond it: the provider has moved
the money already.
Rule 5: of promotional credit that is remembered: while its id is, a reversal of it is refused, also when it is used up.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, final

import msgspec

from rater.core.account.credits import expiry_of, life_of
from rater.core.account.lots import (
    LotCategory,
    adjustment_lot_id,
    restored_lot_id,
    reversed_lot_id,
)
from rater.core.account.reversals import not_refundable
from rater.core.limits import DAY_MS, GRACE_MS, LOT_IDS_MAX
from rater.core.rejections import Refusal, Rejected
from rater.wire.layouts import check_layout
from topics import records as r
from topics.keys import lot_key
from topics.records import (
    Adjusted,
    ForgottenLots,
    FundsAdded,
    RememberedLot,
    RestorationPosted,
    ReversalPosted,
)
from topics.records.lot_ids import LOTS_LAYOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from topics.records import CommandRejected, MoneyEntry
    from topics.records.recycling import CallDropped

Changes = dict[bytes, bytes | None]
"""New values by key, as they go to the changelog; None forgets."""

HORIZON_KEY: Final = b"forgotten"
"""No lot's key: those begin with `lot`."""
_FAR_MS: Final = 2**62


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RememberedLot | ForgottenLots).decode


def record(
    tenant_id: str, lot_id: str, forget_ms: int | None, category: LotCategory = None
) -> tuple[bytes, bytes]:
    """Return key and value of an id that is remembered until an instant; None: for good."""
    value = _encode(RememberedLot(LOTS_LAYOUT, tenant_id, lot_id, forget_ms, category))
    return lot_key(tenant_id, lot_id), value


@final
class LotIdsShard:
    """The ids of one partition: a table's state."""

    def __init__(self) -> None:
        self.forgotten_to_ms = 0
        """The latest instant at which an id that was forgotten fell due."""
        self.next_due_ms = _FAR_MS
        """Not after the next instant at which one falls due."""
        self.promotional: set[bytes] = set()
        """The ids of promotional credit."""
        self._forget: dict[bytes, int] = {}
        self._counts: Counter[str] = Counter()
        self._due: dict[int, list[bytes]] = {}

    def __contains__(self, key: bytes) -> bool:
        """Say whether an id is remembered."""
        return key in self._forget

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self._forget)

    def count(self, tenant_id: str) -> int:
        """Return how many ids of an account are remembered."""
        return self._counts[tenant_id]

    def due(self, now_ms: int) -> list[bytes]:
        """Return the ids that are to be forgotten by now."""
        if now_ms < self.next_due_ms:
            return []
        days = [day for day in self._due if day * DAY_MS <= now_ms]
        return [key for day in days for key in self._due[day] if self._forget[key] <= now_ms]

    def forget_ms(self, key: bytes) -> int:
        """Return when an id that is remembered is to be forgotten."""
        return self._forget[key]

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of the changelog, in its order."""
        for key, value in records:
            if key is None:
                message = f"lot ids changelog: a record without a key, value {value!r}"
                raise ValueError(message)
            self._take(key, value)
        self._note_next()

    def put(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take what a batch has committed."""
        if changes:
            self.load(list(changes.items()))

    def _take(self, key: bytes, value: bytes | None) -> None:
        self._drop(key)
        if value is None:
            return
        try:
            said = _decode(value)
        except msgspec.MsgspecError as error:
            check_layout("lot ids changelog", value, LOTS_LAYOUT)
            message = f"lot ids changelog: {key!r} has a value that is none: {error}"
            raise ValueError(message) from error
        if isinstance(said, ForgottenLots):
            self.forgotten_to_ms = max(self.forgotten_to_ms, said.to_ms)
            return
        forget_ms = _FAR_MS if said.forget_ms is None else said.forget_ms
        self._forget[key] = forget_ms
        self._counts[said.tenant_id] += 1
        if said.category is not None:
            self.promotional.add(key)
        if said.forget_ms is not None:
            self._due.setdefault(forget_ms // DAY_MS, []).append(key)

    def _drop(self, key: bytes) -> None:
        forget_ms = self._forget.pop(key, None)
        if forget_ms is None:
            return
        self.promotional.discard(key)
        tenant_id = tenant_of(key)
        self._counts[tenant_id] -= 1
        if not self._counts[tenant_id]:
            del self._counts[tenant_id]
        if forget_ms != _FAR_MS:
            day = forget_ms // DAY_MS
            self._due[day].remove(key)
            if not self._due[day]:
                del self._due[day]

    def _note_next(self) -> None:
        self.next_due_ms = min(self._due, default=_FAR_MS // DAY_MS) * DAY_MS


def tenant_of(key: bytes) -> str:
    """Return the tenant of a key as `lot_key` makes it."""
    _, length, rest = key.decode("utf-8", "surrogatepass").split(" ", 2)
    return rest[: int(length)]


@final
class LotIdsBatch:
    """The ids as one batch of commands sees them: what is remembered, and what it changes."""

    def __init__(self, shard: LotIdsShard, changes: Changes) -> None:
        """Begin with nothing changed; `changes` are those of the batch's decision, and are filled here."""
        self.shard = shard
        self.changes = changes
        self.counts: Counter[str] = Counter()
        """By how many the batch changes the count of an account."""
        self.horizon_ms = shard.forgotten_to_ms
        self.own_due: dict[bytes, int] = {}
        """What this batch remembers, and when it is to be forgotten."""

    def forget_due(self, stream_ms: int) -> None:
        """Forget what falls due at a stream time."""
        due = {key: self.shard.forget_ms(key) for key in self.shard.due(stream_ms)}
        due = {key: at for key, at in due.items() if key not in self.changes}
        due |= {key: at for key, at in self.own_due.items() if at <= stream_ms}
        for key, forget_ms in due.items():
            self.own_due.pop(key, None)
            self.changes[key] = None
            self.counts[tenant_of(key)] -= 1
            self.horizon_ms = max(self.horizon_ms, forget_ms)
        if due:
            self.changes[HORIZON_KEY] = _encode(ForgottenLots(LOTS_LAYOUT, self.horizon_ms))

    def refuse(self, order: r.Command, stream_ms: int) -> Refusal | None:
        """Refuse what has been done before, or could have been; None for what may be tried."""
        if isinstance(order, r.Adjust):
            return self._refuse_adjustment(order) or self._refuse_another(order.tenant_id)
        if isinstance(order, r.MovedBack):
            return self._refuse_reversal(order)
        if not isinstance(order, r.AddFunds):
            return None
        if self._knows(order.tenant_id, order.lot_id):
            return lot_exists(order)
        if order.recharge_seq is not None:
            return None
        return self._refuse_old(order, stream_ms) or self._refuse_another(order.tenant_id)

    def remember(self, entry: MoneyEntry | CommandRejected | CallDropped) -> None:
        """Remember what an entry has opened or posted by hand, or moved back."""
        if isinstance(entry, Adjusted):
            lot_id = adjustment_lot_id(entry.command_id)
            self._add(entry.tenant_id, lot_id, None)
        elif isinstance(entry, ReversalPosted):
            self._add(entry.tenant_id, reversed_lot_id(entry.command_id), None)
        elif isinstance(entry, RestorationPosted):
            self._add(entry.tenant_id, entry.lot.lot_id, None)
        elif isinstance(entry, FundsAdded) and entry.recharge_seq is None:
            lot = entry.lot
            self._add(entry.tenant_id, lot.lot_id, lot.expires_ms + GRACE_MS, lot.category)

    def _add(
        self, tenant_id: str, lot_id: str, forget_ms: int | None, category: LotCategory = None
    ) -> None:
        key, value = record(tenant_id, lot_id, forget_ms, category)
        self.changes[key] = value
        self.counts[tenant_id] += 1
        if forget_ms is not None:
            self.own_due[key] = forget_ms

    def _knows(self, tenant_id: str, lot_id: str) -> bool:
        key = lot_key(tenant_id, lot_id)
        if key in self.changes:
            return self.changes[key] is not None
        return key in self.shard

    def _is_promotional(self, tenant_id: str, lot_id: str) -> bool:
        key = lot_key(tenant_id, lot_id)
        if key not in self.changes:
            return key in self.shard.promotional
        value = self.changes[key]
        said = None if value is None else _decode(value)
        return isinstance(said, RememberedLot) and said.category is not None

    def _refuse_adjustment(self, order: r.Adjust) -> Refusal | None:
        if not self._knows(order.tenant_id, adjustment_lot_id(order.command_id)):
            return None
        detail = f"command_id: adjustment {order.command_id} has been posted before"
        return Refusal(Rejected.ADJUSTMENT_REPEATED, detail)

    def _refuse_reversal(self, order: r.MovedBack) -> Refusal | None:
        name = restored_lot_id if isinstance(order, r.RestorePayment) else reversed_lot_id
        if self._knows(order.tenant_id, name(order.command_id)):
            detail = f"command_id: {order.command_id} has moved money back before"
            return Refusal(Rejected.REVERSAL_REPEATED, detail)
        if self._is_promotional(order.tenant_id, order.payment_id):
            return not_refundable(order.payment_id)
        return None

    def _refuse_old(self, order: r.AddFunds, stream_ms: int) -> Refusal | None:
        """Refuse a purchase whose id may have been forgotten."""
        forgotten_ms = max(self.horizon_ms, stream_ms)
        if expiry_of(order) + GRACE_MS > forgotten_ms:
            return None
        detail = f"{life_of(order)}, the lot would open expired, its grace over"
        return Refusal(Rejected.PURCHASE_EXPIRED, detail)

    def _refuse_another(self, tenant_id: str) -> Refusal | None:
        if self.shard.count(tenant_id) + self.counts[tenant_id] < LOT_IDS_MAX:
            return None
        detail = f"lot ids: {LOT_IDS_MAX} of this account are remembered, which is the limit"
        return Refusal(Rejected.TOO_MANY_LOT_IDS, detail)


def lot_exists(order: r.AddFunds) -> Refusal:
    """Refuse a lot that has been opened before."""
    return Refusal(Rejected.LOT_EXISTS, f"lot_id: {order.lot_id} has been opened before")
