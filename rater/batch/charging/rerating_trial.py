"""Rerating trial: what would become of charges, if they were rated again now: decided as ever, and nothing kept.

Decided on the state of a partition, which stays as it is: whoever has no part in charging may have read it from the
changelogs. That a charge stands is the caller's word; the worker asks the charge index.
"""

from typing import NamedTuple

from rater.batch.charging.partition_state import Shard
from rater.batch.charging.users import UsersBatch
from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.cdr import Source
from rater.core.pricing.rules import Rules
from rater.core.rejections import Rejected
from rater.wire.account.state import decode_account
from topics.catalog import ACCOUNT_TIMERS
from topics.records import Charge
from topics.records.rerating import RerateCall

_BEHIND = 1 << 50
"""An offset behind all that an account may have applied."""


class Rerated(NamedTuple):
    """What would become of one charge."""

    outcome: str
    """`posted` or `unchanged`; else the reason for which it would be refused."""
    before_micros: int
    after_micros: int
    detail: str = ""

    @property
    def difference_micros(self) -> int:
        """By how much the call would cost more."""
        return self.after_micros - self.before_micros


class ReratingTrials:
    """Charges of one partition, one after another: each finds what those before it would leave."""

    def __init__(self, shard: Shard, rules: Rules) -> None:
        """Take the state, which is only read."""
        self._shard = shard
        self._rules = rules
        self._users = UsersBatch(shard.users, {})
        self._working: dict[str, Account | None] = {}

    def try_out(self, order: RerateCall, original: Charge, at_ms: int) -> Rerated:
        """Say what would become of a charge that stands."""
        cost = original.charge_micros
        account = self._account(original.tenant_id)
        if account is None:
            detail = f"tenant_id: {original.tenant_id} has no account"
            return Rerated(Rejected.UNKNOWN_TENANT, cost, cost, detail)
        source = Source(ACCOUNT_TIMERS.name, self._shard.partition, _BEHIND, at_ms)
        journal, users = Journal(self._rules.plans), self._users.users
        refusal = engine.rerate(account, order, original, source, self._rules, journal, users)
        if refusal is not None:
            return Rerated(refusal.reason, cost, cost, refusal.detail)
        posted = [entry for entry in journal.entries if isinstance(entry, Charge)]
        if not posted:
            return Rerated("unchanged", cost, cost)
        return Rerated("posted", cost, posted[0].charge_micros)

    def _account(self, tenant_id: str) -> Account | None:
        if tenant_id not in self._working:
            value = self._shard.accounts.get(tenant_id.encode())
            self._working[tenant_id] = None if value is None else decode_account(value)
        return self._working[tenant_id]
