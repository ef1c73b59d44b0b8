"""The flush of owed statuses: what the stream itself did not come round to say (D10)."""

from collections.abc import Iterable

from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.account.account import Account
from rater.core.account.status import status_of
from rater.core.account.user_status import status_of_user
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.wire.account.state import decode_account
from rater.wire.account.user_rows import decode_user

TIMER = "timer"
"""The source of a decision that no record caused; it has no offsets and no manifest."""


def decide_flush(shard: Shard, keys: Iterable[bytes], now_ms: int, plans: PlanBook) -> Decision:
    """Decide to publish the statuses of accounts that owe one; others are passed over."""
    decision = Decision(TIMER, shard.partition, shard.batches.stream_ms, plans)
    for key in keys:
        value = shard.accounts.get(key)
        if value is None:
            continue
        account = decode_account(value)
        if account.dirty:
            decision.journal.statuses.append(status_of(account, now_ms, plans))
            decision.changed[account.tenant_id] = account
    return decision


def flush_users(
    decision: Decision, shard: Shard, keys: Iterable[bytes], rules: Rules, now_ms: int
) -> None:
    """Add the statuses of users that owe one; others are passed over."""
    accounts: dict[str, Account | None] = {}
    for key in keys:
        value = shard.users.get(key)
        if value is None:
            continue
        user = decode_user(value)
        name = user.tenant_id
        if name not in accounts:
            row = shard.accounts.get(name.encode())
            accounts[name] = None if row is None else decode_account(row)
        account = accounts[name]
        if user.is_owed and account is not None:
            decision.journal.users.append(status_of_user(user, account, rules, now_ms))
            decision.users[name, user.user_id] = user
