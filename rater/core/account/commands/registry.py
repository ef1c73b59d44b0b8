"""Every account command, once."""

from collections.abc import Mapping
from typing import Any, Final

from rater.core.account.commands import (
    add_funds,
    adjust,
    carry_forward,
    close_account,
    drop_call,
    expire_lots,
    free_call,
    open_account,
    open_credits,
    release_call,
    reopen_account,
    rerate_call,
    restore_payment,
    resume_recharge,
    reverse_payment,
    set_auto_recharge,
    set_billing_mode,
    set_decks,
    set_entitlements,
    set_payment_methods,
    set_recipients,
    set_spend_limits,
    set_thresholds,
    set_time_zone,
    set_unlicensed_calls,
    set_user,
)
from rater.core.account.commands.command import AccountCommand
from topics.records import Command

COMMANDS: Final[tuple[AccountCommand[Any, Any], ...]] = (
    open_account.COMMAND,
    open_credits.COMMAND,
    add_funds.COMMAND,
    adjust.COMMAND,
    reverse_payment.COMMAND,
    restore_payment.COMMAND,
    close_account.COMMAND,
    reopen_account.COMMAND,
    set_decks.COMMAND,
    set_entitlements.COMMAND,
    set_billing_mode.COMMAND,
    set_user.COMMAND,
    set_unlicensed_calls.COMMAND,
    set_thresholds.COMMAND,
    set_auto_recharge.COMMAND,
    set_payment_methods.COMMAND,
    set_recipients.COMMAND,
    set_spend_limits.COMMAND,
    set_time_zone.COMMAND,
    resume_recharge.COMMAND,
    expire_lots.COMMAND,
    carry_forward.COMMAND,
    free_call.COMMAND,
    release_call.COMMAND,
    drop_call.COMMAND,
    rerate_call.COMMAND,
)
BY_RECORD: Final[Mapping[type[Command], AccountCommand[Any, Any]]] = {
    each.record: each for each in COMMANDS
}
