"""Set what a user of the tenant may do. A user is a row of its own: the account does not grow."""

from typing import Final

from rater.core.account.account import Account, contract_of
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis
from topics.records import SetUser, UserSet


def _refuse(
    _account: Account, command: SetUser, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    for plan_id in command.plan_ids:
        if command.plan_ids.count(plan_id) > 1:
            return Refusal(Rejected.INVALID_SETTING, f"plan_ids: {plan_id} is there twice")
    return None


def _apply(account: Account, _entry: UserSet) -> None:
    """Note that there are users; what is set of one lies in its row."""
    contract_of(account)


def _post(account: Account, command: SetUser, source: Source) -> UserSet:
    since = command.valid_from
    from_ms = source.at_ms if since is None else to_millis(since)
    return UserSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.user_id,
        from_ms,
        command.usage_country,
        command.outbound_calls,
        command.conference_dial_out,
        command.plan_ids,
        command.credits_licence,
        command.monthly_spend_limit_micros,
        from_ms < source.at_ms,
        command.reason,
    )


COMMAND: Final[AccountCommand[SetUser, UserSet]] = AccountCommand(
    record=SetUser,
    content=(
        *("user_id", "usage_country", "plan_ids", "credits_licence", "monthly_spend_limit_micros"),
        *("outbound_calls", "conference_dial_out", "valid_from", "reason"),
    ),
    cause="settings",
    refuse=_refuse,
    entry=UserSet,
    post=_post,
    apply=_apply,
)
