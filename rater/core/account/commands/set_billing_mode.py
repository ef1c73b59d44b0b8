"""Set whether a tenant is prepaid or pays later, from an instant on. Who pays later is never recharged.

What the account may do from then on, an entry of its own says (`post_paid`).
"""

from typing import Final

from rater.core.account.account import (
    AUTO_RECHARGE,
    AUTO_RECHARGE_HOURS,
    Account,
    contract_of,
    next_due_ms,
)
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.contract import (
    BillingMode,
    with_billing_mode,
    without_the_forgotten_modes,
)
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import BILLING_MODES_MAX
from rater.core.rejections import Refusal, Rejected
from rater.core.times import to_millis
from topics.records import BillingModeChanged, BillingModeSet, SetBillingMode

_TRIGGERS: Final = (AUTO_RECHARGE, AUTO_RECHARGE_HOURS)


def _refuse(
    account: Account, command: SetBillingMode, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    watched = account.thresholds + account.hour_thresholds
    if command.mode == "post_paid" and any(each.threshold_id in _TRIGGERS for each in watched):
        detail = "mode: post_paid, auto-recharge is on, set it off before"
        return Refusal(Rejected.INVALID_SETTING, detail)
    if command.mode == "prepaid" and command.credit_limit_micros is not None:
        found = command.credit_limit_micros
        detail = f"credit_limit_micros: must not be there where mode is prepaid, found {found}"
        return Refusal(Rejected.INVALID_SETTING, detail)
    asked = BillingMode(_from_ms(command, source), command.mode == "post_paid", 0)
    kept = _kept(account, asked, source.at_ms)
    if len(kept) > BILLING_MODES_MAX:
        detail = f"mode: the account would keep {len(kept)}, the limit is {BILLING_MODES_MAX}"
        return Refusal(Rejected.TOO_MANY_CHANGES, detail)
    return None


def _post(account: Account, command: SetBillingMode, source: Source) -> BillingModeSet:
    from_ms = _from_ms(command, source)
    asked = BillingMode(from_ms, command.mode == "post_paid", account.seq + 1)
    after = with_billing_mode(account.contract, asked)
    return BillingModeSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        command.mode,
        from_ms,
        from_ms < source.at_ms,
        len(after) - len(without_the_forgotten_modes(after, source.at_ms)),
        command.reason,
        command.credit_limit_micros,
    )


def _apply(account: Account, entry: BillingModeSet) -> None:
    limit = entry.credit_limit_micros or 0
    set_now = BillingMode(entry.valid_from_ms, entry.mode == "post_paid", entry.seq, limit)
    contract = contract_of(account)
    contract.billing_modes = _kept(account, set_now, entry.at_ms)
    if entry.valid_from_ms > entry.at_ms:
        # Whatever holds by then is looked at when it begins; what holds now, at once (`post_paid`).
        contract.billing.look_ms = min(contract.billing.look_ms, entry.valid_from_ms)
        account.due_ms = next_due_ms(account)


def _event(account: Account, _command: SetBillingMode, cause: Cause) -> BillingModeChanged:
    return BillingModeChanged(*event_head(account, "billing_mode", cause))


def _from_ms(command: SetBillingMode, source: Source) -> int:
    return source.at_ms if command.valid_from is None else to_millis(command.valid_from)


def _kept(account: Account, mode: BillingMode, at_ms: int) -> list[BillingMode]:
    return without_the_forgotten_modes(with_billing_mode(account.contract, mode), at_ms)


COMMAND: Final[AccountCommand[SetBillingMode, BillingModeSet]] = AccountCommand(
    record=SetBillingMode,
    content=("mode", "valid_from", "reason", "credit_limit_micros"),
    cause="settings",
    refuse=_refuse,
    entry=BillingModeSet,
    post=_post,
    apply=_apply,
    event=_event,
    needs_credits=True,
)
