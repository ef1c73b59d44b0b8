"""Correct a balance by hand: up is a lot of its own, down is drawn as a charge is."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.commands.command import AccountCommand
from rater.core.account.credits import new_lot, open_lot, refuse_lot, refuse_money
from rater.core.account.draws import apply_draws, plan_draws, with_shortfall
from rater.core.account.heads import entry_head
from rater.core.account.lots import adjustment_lot_id, paid_first
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal, Rejected
from topics.records import Adjust, Adjusted


def _refuse(
    account: Account, command: Adjust, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    amount = command.amount_micros
    if not amount:
        return Refusal(Rejected.ZERO_AMOUNT, "amount_micros: 0 changes nothing")
    if refusal := refuse_money(account, command.currency, amount, account.balance_max):
        return refusal
    return refuse_lot(account, adjustment_lot_id(command.command_id)) if amount > 0 else None


def _post(account: Account, command: Adjust, source: Source) -> Adjusted:
    amount = command.amount_micros
    if amount > 0:
        lot = new_lot(account, adjustment_lot_id(command.command_id), amount, source.at_ms)
        fields = entry_head(account, source, amount, account.debt - lot.overdraft_paid_micros)
        return Adjusted(*fields, command.command_id, command.reason, lot)
    lots = paid_first(account.lots) if account.paid_first else account.lots
    draws, shortfall = plan_draws(lots, [], -amount, source.at_ms)
    fields = entry_head(account, source, amount, account.debt + shortfall)
    drawn = with_shortfall(draws, shortfall)
    return Adjusted(*fields, command.command_id, command.reason, None, drawn)


def _apply(account: Account, entry: Adjusted) -> None:
    if entry.lot is not None:
        open_lot(account, entry.lot, entry.at_ms)
    apply_draws(account, entry.draws)


COMMAND: Final[AccountCommand[Adjust, Adjusted]] = AccountCommand(
    record=Adjust,
    content=("amount_micros", "currency", "reason"),
    cause="adjustment",
    refuse=_refuse,
    entry=Adjusted,
    post=_post,
    apply=_apply,
    moves_money=True,
    needs_credits=True,
)
