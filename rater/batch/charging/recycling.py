"""Recycling: what becomes of calls that wait, in a batch of commands: freed, released or dropped, each once.

What waits is looked up in the table of open suspense, and its row is ended in the transaction of the entry that ends
its waiting: however often it is asked for, it is charged once. The id is then remembered as that of any charge.
"""

from typing import NamedTuple, final

from xxhash import xxh3_128_digest

from rater.batch.charging.cdr_ids import id_digest
from rater.batch.charging.content import cdr_content
from rater.batch.charging.decision import Decision
from rater.batch.charging.heads import head_of, heads, until_ms
from rater.batch.charging.open_suspense import SuspenseBatch, SuspenseShard
from rater.batch.charging.originals import Originals
from rater.batch.charging.word import Window, why_not
from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.freecall import Waiting
from rater.core.account.mending import is_by_word
from rater.core.account.rejecting import reject
from rater.core.account.releasing import dropped, not_waiting, still_waits
from rater.core.account.user import Users
from rater.core.cdr import Cdr, Source
from rater.core.pricing.rules import Rules
from rater.core.rejections import Rejected
from rater.wire.cdrs import decode_cdr
from topics.manifests import IdState
from topics.records import Charge, FreeCall
from topics.records.open_suspense import OpenSuspense
from topics.records.recycling import DropCall, ReleaseCall

Order = FreeCall | ReleaseCall | DropCall
ORDERS = (FreeCall, ReleaseCall, DropCall)


class Released(NamedTuple):
    """A call that is charged or free by an order."""

    cdr: Cdr
    by_word: bool
    """It waited for an operator's word."""


@final
class RecyclingBatch:
    """The calls that wait, as one batch of commands sees them."""

    def __init__(
        self,
        shard: SuspenseShard,
        decision: Decision,
        users: Users,
        rules: Rules,
        originals: Originals,
    ) -> None:
        """Take the batch's decision, which goes on."""
        self._originals = originals
        self._suspense = SuspenseBatch(shard, decision.open_suspense, decision.beyond)
        self._decision = decision
        self._users = users
        self._rules = rules

    def obey(
        self, order: Order, account: Account | None, source: Source, window: Window
    ) -> Released | None:
        """Carry an order out, or refuse to on the ledger; return the call that is charged or free by it."""
        row, decision = self._suspense.of(order.tenant_id, order.cdr_id), self._decision
        if isinstance(order, FreeCall):
            assert account is not None, order
            free = self._free(order, row, account, source)
            return None if free is None else Released(free, by_word=False)
        refusal = not_waiting(order, row)
        if row is None or refusal is not None:
            assert refusal is not None
            decision.recycled["", refusal.reason] += 1
            reject(account, order, source, refusal, decision.journal)
            return None
        if isinstance(order, DropCall):
            seq = 0 if account is None else account.seq
            decision.journal.entries.append(dropped(order, row, source, seq))
            self._end(row, "dropped")
            return None
        assert account is not None, order
        waits, users, rules = waiting(row), self._users, self._rules
        asks = why_not(order, waits, source.at_ms, window, self._originals)
        if asks is not None:
            reject(account, order, source, still_waits(order, asks), decision.journal)
        else:
            asks = engine.release(account, order, waits, source, rules, decision.journal, users)
        if asks is not None:
            self._suspense.wait_on(row, asks)
            decision.recycled[row.reason, Rejected.STILL_WAITS] += 1
            return None
        self._end(row, "charged")
        return Released(waits[1], is_by_word(row.reason))

    def _free(
        self, order: FreeCall, row: OpenSuspense | None, account: Account, source: Source
    ) -> Cdr | None:
        waits = None if row is None else waiting(row)
        journal = self._decision.journal
        if not engine.free_call(account, order, waits, source, self._rules, journal):
            return None
        assert waits is not None
        self._suspense.end(waits[0])
        self._decision.freed[waits[0].reason] += 1
        return waits[1]

    def remember(self, released: Released, first: IdState | None, known_until_ms: int) -> None:
        """Remember a call as charged, by the place of its entry: the last charge of all that was decided.

        Of one that was charged by a word nothing was remembered: it is for a window from now on, with a head, so that a
        correction finds it, however old the call is.
        """
        cdr, by_word = released
        decision, stream_ms = self._decision, self._decision.stream_ms
        entries, place = decision.journal.entries, decision.entry_place()
        behind = next(n for n, each in enumerate(reversed(entries)) if isinstance(each, Charge))
        place -= behind
        until = max(stream_ms, cdr.ended_ms) if by_word else until_ms(cdr, stream_ms)
        known = id_digest(cdr), cdr_content(cdr), IdState.CHARGED, place, until
        decision.remembered += [known, *heads(cdr, place, max(until, known_until_ms), first)]
        if by_word and cdr.version == 1:
            head = xxh3_128_digest(head_of(cdr)), cdr.version, IdState.HEAD, place, until
            decision.remembered.append(head)

    def _end(self, row: OpenSuspense, outcome: str) -> None:
        self._suspense.end(row)
        self._decision.recycled[row.reason, outcome] += 1


def waiting(row: OpenSuspense) -> Waiting:
    """Return what waits, with the CDR that it is."""
    cdr = decode_cdr(row.cdr.encode())
    assert isinstance(cdr, Cdr), f"{row.cdr_id} waits, and cannot be read: {cdr}"
    return row, cdr
