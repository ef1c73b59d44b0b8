"""The flush of owed statuses: what the stream itself did not come round to say (D10)."""

from collections.abc import Iterable

from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.account.status import status_of
from rater.wire.account.state import decode_account

TIMER = "timer"
"""The source of a decision that no record caused; it has no offsets and no manifest."""


def decide_flush(shard: Shard, keys: Iterable[bytes], now_ms: int) -> Decision:
    """Decide to publish the statuses of accounts that owe one; others are passed over."""
    decision = Decision(TIMER, shard.partition, shard.batches.stream_ms)
    for key in keys:
        value = shard.accounts.get(key)
        if value is None:
            continue
        account = decode_account(value)
        if account.dirty:
            decision.journal.statuses.append(status_of(account, now_ms))
            decision.changed[account.tenant_id] = account
    return decision
