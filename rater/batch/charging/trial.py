"""Trial: what would become of orders on calls that wait, if they came now: decided as ever, and nothing kept.

Decided on the state of a partition, which stays as it is: whoever has no part in charging may have read it from the
changelogs, but for the charge index, which these orders do not ask.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.rules import Rules
from rater.wire.account.state import decode_account
from topics.catalog import ACCOUNT_TIMERS
from topics.records import Charge, CommandRejected
from topics.records.recycling import CallDropped

_FIRST = 1 << 50
"""An offset behind all that an account may have applied."""


class Trial(NamedTuple):
    """What would become of one order."""

    outcome: str
    """`charged`, `free` or `dropped`; else the reason for which it would be refused."""
    micros: int = 0
    currency: str = ""
    waits_for: str = ""
    """Where it would wait on: for what."""
    detail: str = ""
    taken_micros: int = 0
    """By how much the balance would fall."""


class _Asked(NamedTuple):
    """An order as a record, as if it had been sent."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Trials:
    """Orders of one partition, one after another: each finds what those before it would leave."""

    def __init__(self, shard: Shard, rules: Rules, partitions: int) -> None:
        self._shard = shard
        self._batch = CommandBatch(shard, ACCOUNT_TIMERS.name, rules, partitions)
        self._next = _FIRST

    def try_out(self, tenant_id: str, order: bytes, at_ms: int) -> Trial:
        """Say what would become of an order at an instant."""
        entries = self._batch.decision.journal.entries
        first = len(entries)
        before = self.balance(tenant_id)
        self._batch.read([_Asked(self._next, at_ms, tenant_id.encode(), order)])
        self._next += 1
        self._batch.decide()
        taken = max(0, before - self.balance(tenant_id))
        return _said(entries[first:])._replace(taken_micros=taken)

    def balance(self, tenant_id: str) -> int:
        """Return the balance of an account, as it would be now; 0 where there is none."""
        working = self._batch.working
        if tenant_id in working:
            account = working[tenant_id]
            return 0 if account is None else account.balance
        value = self._shard.accounts.get(tenant_id.encode())
        return 0 if value is None else decode_account(value).balance


def _said(entries: Sequence[object]) -> Trial:
    for entry in reversed(entries):
        if isinstance(entry, Charge):
            is_free = entry.outcome == "free"
            return Trial("free" if is_free else "charged", entry.charge_micros, entry.currency)
        if isinstance(entry, CallDropped):
            return Trial("dropped")
        if isinstance(entry, CommandRejected):
            waits = "" if entry.waits is None else entry.waits.reason
            return Trial(str(entry.reason), 0, "", waits, entry.detail)
    return Trial("duplicate")
