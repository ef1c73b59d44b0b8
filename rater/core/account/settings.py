"""Settings: what administrators say of recharge, payment methods, recipients and spend limits (credits 1.2).

Each is refused with its reason, or posted as one entry; what recharge and notifier must know is in its event. The
account keeps of it only what charging needs: the triggers as thresholds, and the limits of the breaker.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rater.core.account.account import Account
from rater.core.account.breaker import held_calls
from rater.core.account.cards import has_card_number
from rater.core.account.cause import Cause
from rater.core.account.expiry import head
from rater.core.account.journal import Journal
from rater.core.account.thresholds import Stamp
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import UNIT_MICROS
from rater.core.rejections import Refusal, Rejected
from topics import records as r
from topics.records import balance as v

ROLES = ("billing_admin", "global_admin")
"""Who may change these settings."""


def obey_setting(
    account: Account,
    command: r.Setting,
    source: Source,
    settings: ChargingSettings,
    journal: Journal,
) -> Refusal | None:
    """Carry out a setting, or return why not."""
    if command.actor_role is not None and command.actor_role not in ROLES:
        who = command.actor or "somebody"
        detail = f"actor_role: {who} is {command.actor_role}, must be {' or '.join(ROLES)}"
        return Refusal(Rejected.ROLE_NOT_ALLOWED, detail)
    if isinstance(command, r.SetAutoRecharge):
        if refusal := _refuse_auto_recharge(command, account.currency, settings):
            return refusal
    elif isinstance(command, r.SetPaymentMethods) and (refusal := _refuse_methods(command)):
        return refusal
    _OBEY[type(command)](account, command, source, journal)
    return None


def _refuse_auto_recharge(
    command: r.SetAutoRecharge, currency: str, settings: ChargingSettings
) -> Refusal | None:
    minimum = settings.terms(currency).recharge_minimum_micros
    for name in ("amount_micros", "target_micros", "trigger_micros"):
        micros = getattr(command, name)
        if micros is not None and (micros < minimum or micros % UNIT_MICROS):
            least = -(-minimum // UNIT_MICROS)
            detail = f"{name}: must be whole units of {currency}, at least {least}, found {micros}"
            return Refusal(Rejected.INVALID_SETTING, f"{detail} micros", settings.version)
    if not command.enabled:
        return None
    return _refuse_enabled(command) or _refuse_beyond(command, currency, settings)


def _refuse_beyond(
    command: r.SetAutoRecharge, currency: str, settings: ChargingSettings
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


def _refuse_enabled(command: r.SetAutoRecharge) -> Refusal | None:
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


def _refuse_cap(command: r.SetAutoRecharge) -> Refusal | None:
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


def _refuse_methods(command: r.SetPaymentMethods) -> Refusal | None:
    """Refuse what has a card number in it, without saying it again."""
    for n, method in enumerate(command.methods):
        for name in ("reference", "customer", "label"):
            if has_card_number(getattr(method, name) or ""):
                detail = f"methods[{n}].{name}: a card number; give the provider's reference to it"
                return Refusal(Rejected.CARD_NUMBER, detail)
    return None


def _set_auto_recharge(
    account: Account, command: r.SetAutoRecharge, source: Source, journal: Journal
) -> None:
    values = (
        command.enabled,
        command.mode,
        command.trigger_micros,
        command.trigger_h,
        command.amount_micros,
        command.target_micros,
        command.count_cap,
        command.money_cap_micros,
    )
    entry = r.AutoRechargeSet(
        *head(account, source, 0, account.debt), command.command_id, *values, *_who(command)
    )
    _settle(
        journal, account, entry, "auto_recharge", lambda at: v.AutoRechargeChanged(*at, *values)
    )


def _set_methods(
    account: Account, command: r.SetPaymentMethods, source: Source, journal: Journal
) -> None:
    methods = command.methods
    entry = r.PaymentMethodsSet(
        *head(account, source, 0, account.debt), command.command_id, methods, *_who(command)
    )
    _settle(
        journal, account, entry, "payment_methods", lambda at: v.PaymentMethodsChanged(*at, methods)
    )


def _set_recipients(
    account: Account, command: r.SetRecipients, source: Source, journal: Journal
) -> None:
    emails, language, webhook = command.emails, command.language, command.webhook
    counted = (len(emails), language, webhook is not None)
    entry = r.RecipientsSet(
        *head(account, source, 0, account.debt), command.command_id, *counted, *_who(command)
    )
    _settle(
        journal,
        account,
        entry,
        "recipients",
        lambda at: v.RecipientsChanged(*at, emails, language, webhook),
    )


def _set_spend_limits(
    account: Account, command: r.SetSpendLimits, source: Source, journal: Journal
) -> None:
    entry = r.SpendLimitsSet(
        *head(account, source, 0, account.debt),
        command.command_id,
        command.spend_per_hour_micros,
        command.cost_per_call_micros,
        command.high_rate_micros,
        command.new_high_rate_destinations_max,
        *_who(command),
    )
    _settle(journal, account, entry, "", None)


def _resume(account: Account, command: r.ResumeRecharge, source: Source, journal: Journal) -> None:
    allowed = held_calls(account.spending)
    fields = head(account, source, 0, account.debt)
    entry = r.RechargeResumed(*fields, command.command_id, allowed, command.reason, *_who(command))
    _settle(journal, account, entry, "resumed", lambda at: v.RechargeResumedEvent(*at))


def _who(command: r.Setting) -> tuple[str | None, str | None]:
    return command.actor, command.actor_role


def _settle(
    journal: Journal,
    account: Account,
    entry: Any,
    what: str,
    event: Callable[[Stamp], v.Event] | None,
) -> None:
    cause = Cause("settings", entry.command_id, entry.at_ms)
    journal.settle(account, entry, cause, what, event)


_OBEY: Mapping[type[r.Setting], Callable[[Account, Any, Source, Journal], None]] = {
    r.SetAutoRecharge: _set_auto_recharge,
    r.SetPaymentMethods: _set_methods,
    r.SetRecipients: _set_recipients,
    r.SetSpendLimits: _set_spend_limits,
    r.ResumeRecharge: _resume,
}
