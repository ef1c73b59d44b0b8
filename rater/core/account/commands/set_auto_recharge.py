"""Set when and by how much the account is recharged. The account keeps its triggers as thresholds."""

from typing import Final

from rater.core.account.account import AUTO_RECHARGE, AUTO_RECHARGE_HOURS, Account, Threshold
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.contract import may_pay_later
from rater.core.account.heads import entry_head, event_head
from rater.core.account.thresholds import replaced
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import UNIT_MICROS
from rater.core.rejections import Refusal, Rejected
from topics.records import AutoRechargeChanged, AutoRechargeSet, RechargeMode, SetAutoRecharge

_Values = tuple[
    bool, RechargeMode, int | None, int | None, int | None, int | None, int | None, int | None
]


def _refuse(
    account: Account, command: SetAutoRecharge, source: Source, settings: ChargingSettings
) -> Refusal | None:
    currency = account.currency
    minimum = settings.terms(currency).recharge_minimum_micros
    for name in ("amount_micros", "target_micros", "trigger_micros"):
        micros = getattr(command, name)
        if micros is not None and (micros < minimum or micros % UNIT_MICROS):
            least = -(-minimum // UNIT_MICROS)
            detail = f"{name}: must be whole units of {currency}, at least {least}, found {micros}"
            return Refusal(Rejected.INVALID_SETTING, f"{detail} micros", settings.version)
    if not command.enabled:
        return None
    if may_pay_later(account.contract, source.at_ms):
        return _invalid("enabled: the account pays later, now or at a time that is set")
    return _refuse_enabled(command) or _refuse_beyond(command, currency, settings)


def _refuse_beyond(
    command: SetAutoRecharge, currency: str, settings: ChargingSettings
) -> Refusal | None:
    """Refuse recharges that would take the balance beyond its bound: they would be paid, and mean nothing."""
    if command.mode == "target":
        name, micros = "target_micros", command.target_micros or 0
    else:
        name = "trigger_micros and amount_micros"
        micros = (command.trigger_micros or 0) + (command.amount_micros or 0)
    most = settings.terms(currency).balance_max_micros
    if micros <= most:
        return None
    detail = (
        f"{name}: must come to at most {most}, the bound of a balance in {currency}, found {micros}"
    )
    return Refusal(Rejected.INVALID_SETTING, detail, settings.version)


def _refuse_enabled(command: SetAutoRecharge) -> Refusal | None:
    trigger, target = command.trigger_micros, command.target_micros
    if refusal := _refuse_cap(command):
        return refusal
    if trigger is None and command.trigger_h is None:
        return _invalid("trigger_micros, trigger_h: one of them is needed")
    if command.mode != "target":
        is_there = command.amount_micros is not None
        return None if is_there else _invalid(f"amount_micros: mode {command.mode} needs it")
    if target is None:
        return _invalid("target_micros: mode target needs it")
    if trigger is not None and target <= trigger:
        return _invalid(f"target_micros: {target}, must be above trigger_micros, {trigger}")
    return None


def _refuse_cap(command: SetAutoRecharge) -> Refusal | None:
    """Refuse a money cap that not even one recharge would be within."""
    name = "target_micros" if command.mode == "target" else "amount_micros"
    least, cap = getattr(command, name), command.money_cap_micros
    if least is None or cap is None or cap >= least:
        return None
    return _invalid(
        f"money_cap_micros: must be at least {name}, {least}, or no recharge could ever be made, found {cap}"
    )


def _invalid(detail: str) -> Refusal:
    return Refusal(Rejected.INVALID_SETTING, detail)


def _post(account: Account, command: SetAutoRecharge, source: Source) -> AutoRechargeSet:
    return AutoRechargeSet(
        *entry_head(account, source, 0, account.debt),
        command.command_id,
        *_values(command),
        command.actor,
        command.actor_role,
    )


def _apply(account: Account, entry: AutoRechargeSet) -> None:
    amounts = [t for t in account.thresholds if t.threshold_id != AUTO_RECHARGE]
    hours = [t for t in account.hour_thresholds if t.threshold_id != AUTO_RECHARGE_HOURS]
    if entry.enabled and entry.trigger_micros is not None:
        amounts.append(Threshold(AUTO_RECHARGE, entry.trigger_micros, True))
    if entry.enabled and entry.trigger_h is not None:
        hours.append(Threshold(AUTO_RECHARGE_HOURS, entry.trigger_h, True))
    account.thresholds = replaced(account.thresholds, amounts)
    account.hour_thresholds = replaced(account.hour_thresholds, hours)
    account.adopted = None


def _event(account: Account, command: SetAutoRecharge, cause: Cause) -> AutoRechargeChanged:
    return AutoRechargeChanged(*event_head(account, "auto_recharge", cause), *_values(command))


def _values(command: SetAutoRecharge) -> _Values:
    """Return what entry and event say alike."""
    return (
        command.enabled,
        command.mode,
        command.trigger_micros,
        command.trigger_h,
        command.amount_micros,
        command.target_micros,
        command.count_cap,
        command.money_cap_micros,
    )


COMMAND: Final[AccountCommand[SetAutoRecharge, AutoRechargeSet]] = AccountCommand(
    record=SetAutoRecharge,
    content=(
        *("enabled", "trigger_micros", "trigger_h", "mode", "amount_micros", "target_micros"),
        *("count_cap", "money_cap_micros", "actor", "actor_role"),
    ),
    cause="settings",
    refuse=_refuse,
    entry=AutoRechargeSet,
    post=_post,
    apply=_apply,
    event=_event,
    needs_credits=True,
)
