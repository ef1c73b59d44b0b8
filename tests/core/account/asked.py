"""Commands, as the tests of accounts ask for them."""

from typing import Any

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.adoption import adopt
from rater.core.account.execution import execute
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from rater.core.times import from_millis
from tests.build import NOW, RULES, UNIT, YEAR, account, settings_version, source
from topics import records as r
from topics.records.charging_settings import CurrencyTerms

ANN = ("ann", "billing_admin")
BY_ANN: dict[str, Any] = {"actor": ANN[0], "actor_role": ANN[1]}
LENIENT = settings_version(USD=CurrencyTerms("USD", 2, 1_000 * UNIT, UNIT, AMOUNT_MICROS_MAX))


def under(settings: ChargingSettings) -> Rules:
    """Return the rules with settings that are in force for good."""
    return RULES.with_settings(RULES.settings.with_version(settings))


def asked(there: Account, order: r.Command) -> tuple[Refusal | None, Journal]:
    journal = Journal()
    return execute(there, order, source(), RULES, journal), journal


def refused(there: Account, order: r.Command) -> Rejected | None:
    refusal, journal = asked(there, order)
    assert journal.entries == []
    assert refusal is None or ": " in refusal.detail
    return None if refusal is None else refusal.reason


def posted(order: r.Setting, there: Account | None = None) -> Journal:
    """Carry out a setting that cannot be refused."""
    journal = Journal()
    assert execute(there or account(), order, source(), under(LENIENT), journal) is None
    return journal


def limit_of(there: Account) -> int:
    adopt(there, LENIENT)
    return there.spending.limit


def funds(
    lot_id: str = "L1", amount: int = UNIT, currency: str = "USD", seq: int | None = None
) -> r.AddFunds:
    return r.AddFunds("f1", "acme", lot_id, amount, currency, from_millis(NOW), seq)


def adjust(amount: int, command_id: str = "a1", currency: str = "USD") -> r.Adjust:
    return r.Adjust(command_id, "acme", amount, currency, "by hand")


def low(*names: str) -> r.SetThresholds:
    return r.SetThresholds("t1", "acme", tuple(r.ThresholdSetting(name, UNIT) for name in names))


def auto(*who: str | None, currency: str = "USD", **fields: Any) -> Refusal | None:
    given: dict[str, Any] = {"enabled": True, "trigger_micros": 100 * UNIT}
    given |= {"amount_micros": 200 * UNIT, **fields}
    given |= dict(zip(("actor", "actor_role"), who, strict=False))
    order = r.SetAutoRecharge("s1", "acme", **given)
    journal = Journal()
    refusal = execute(account(currency=currency), order, source(), RULES, journal)
    assert (refusal is None) == bool(journal.entries)
    return refusal


def with_lots(*lots: tuple[str, int], expired: tuple[tuple[str, int], ...] = ()) -> Account:
    made = [CreditLot(name, NOW, NOW + YEAR, left, NOW + YEAR) for name, left in lots]
    gone = [CreditLot(name, NOW - YEAR, NOW - 1, left, 0) for name, left in expired]
    balance = sum(left for _, left in lots)
    return Account("acme", "USD", "UTC", ("d",), 1, balance, 0, made, gone)


def back(amount: int, kind: type[r.MovedBack] = r.ReversePayment, **more: str) -> r.MovedBack:
    currency = more.get("currency", "USD")
    return kind("r/1", "acme", "P", amount, amount, currency, "re_1", "refund")


def engaged(there: Account, *orders: r.Command) -> Journal:
    """Let the engine take commands."""
    journal = Journal()
    for order in orders:
        engine.command(there, order, source(), RULES, journal)
    return journal
