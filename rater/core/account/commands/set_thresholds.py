"""Replace the account's thresholds; they are evaluated at once. The triggers of recharge are not among them."""

from typing import Final

from rater.core.account.account import AUTO_RECHARGE, AUTO_RECHARGE_HOURS, Account, Threshold
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.heads import entry_head, event_head
from rater.core.account.thresholds import replaced
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal, Rejected
from topics.records import SetThresholds, SettingsChanged, ThresholdsSet


def _refuse(
    _account: Account, command: SetThresholds, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    ids = [setting.threshold_id for setting in command.thresholds]
    for name in ids:
        if ids.count(name) > 1:
            return Refusal(Rejected.DUPLICATE_THRESHOLD, f"threshold_id: {name} is there twice")
        if name in (AUTO_RECHARGE, AUTO_RECHARGE_HOURS):
            detail = f"threshold_id: {name} is set by set_auto_recharge alone"
            return Refusal(Rejected.RESERVED_THRESHOLD, detail)
    for setting in command.thresholds:
        if (setting.amount_micros is None) == (setting.hours is None):
            detail = (
                f"threshold_id: {setting.threshold_id} needs amount_micros or hours, one of them"
            )
            return Refusal(Rejected.INVALID_SETTING, detail)
    return None


def _post(account: Account, command: SetThresholds, source: Source) -> ThresholdsSet:
    fields = entry_head(account, source, 0, account.debt)
    return ThresholdsSet(*fields, command.command_id, command.thresholds)


def _apply(account: Account, entry: ThresholdsSet) -> None:
    amounts = [t for t in account.thresholds if t.threshold_id == AUTO_RECHARGE]
    hours = [t for t in account.hour_thresholds if t.threshold_id == AUTO_RECHARGE_HOURS]
    for each in entry.thresholds:
        if each.amount_micros is not None:
            amounts.append(Threshold(each.threshold_id, each.amount_micros, True, each.label))
        if each.hours is not None:
            hours.append(Threshold(each.threshold_id, each.hours, True, each.label))
    account.thresholds = replaced(account.thresholds, amounts)
    account.hour_thresholds = replaced(account.hour_thresholds, hours)


def _event(account: Account, _command: SetThresholds, cause: Cause) -> SettingsChanged:
    return SettingsChanged(*event_head(account, "settings", cause))


COMMAND: Final[AccountCommand[SetThresholds, ThresholdsSet]] = AccountCommand(
    record=SetThresholds,
    content=("thresholds",),
    cause="settings",
    refuse=_refuse,
    entry=ThresholdsSet,
    post=_post,
    apply=_apply,
    event=_event,
    needs_credits=True,
)
