"""Set the limits of the fraud breaker; a limit that is not said is the default, 0 is none."""

from typing import Final

from rater.core.account.account import Account, HighRateWatch
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head
from rater.core.cdr import Source
from topics.records import SetSpendLimits, SpendLimitsSet


def _post(account: Account, command: SetSpendLimits, source: Source) -> SpendLimitsSet:
    return SpendLimitsSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.spend_per_hour_micros,
        command.cost_per_call_micros,
        command.high_rate_micros,
        command.new_high_rate_destinations_max,
        command.actor,
        command.actor_role,
    )


def _apply(account: Account, entry: SpendLimitsSet) -> None:
    per_hour = entry.spend_per_hour_micros
    account.spending.per_hour = -1 if per_hour is None else per_hour
    account.spending.cost_limit = entry.cost_per_call_micros
    rate, most = entry.high_rate_micros, entry.new_high_rate_destinations_max
    if rate:
        watch = account.spending.high_rate or HighRateWatch(rate, most, [], [])
        account.spending.high_rate = HighRateWatch(rate, most, watch.known, watch.fresh_ms)
    else:
        account.spending.high_rate = None
    account.adopted = None


COMMAND: Final[AccountCommand[SetSpendLimits, SpendLimitsSet]] = AccountCommand(
    record=SetSpendLimits,
    content=(
        *("spend_per_hour_micros", "cost_per_call_micros"),
        *("high_rate_micros", "new_high_rate_destinations_max", "actor", "actor_role"),
    ),
    cause="settings",
    entry=SpendLimitsSet,
    post=_post,
    apply=_apply,
    needs_credits=True,
)
