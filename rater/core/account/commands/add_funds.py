"""Open a credit lot; debt is paid first. With a `recharge_seq` it is the money of a recharge. Promotional credit is a
lot like others: it has its own expiry, where it says one, and no payment.

What was captured is credited, whatever is plausible by now, and on a closed account, too: somebody has paid it.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand
from rater.core.account.credits import (
    expiry_of,
    life_of,
    lot_of,
    open_lot,
    refuse_money,
    refuse_name,
)
from rater.core.account.heads import entry_head, event_head
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.rejections import Refusal, Rejected
from topics.records import AddFunds, FundsAdded, FundsCredited


def _refuse(
    account: Account, command: AddFunds, source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if command.recharge_seq is not None and command.recharge_seq <= account.recharge_seq:
        detail = f"recharge_seq: {command.recharge_seq}, the last that was taken is {account.recharge_seq}"
        return Refusal(Rejected.RECHARGE_REPEATED, detail)
    most = account.balance_max if command.recharge_seq is None else AMOUNT_MICROS_MAX
    if refusal := refuse_money(account, command.currency, command.amount_micros, most):
        return refusal
    if command.recharge_seq is None and expiry_of(command) <= source.at_ms:
        detail = f"{life_of(command)}, the lot would open expired"
        return Refusal(Rejected.PURCHASE_EXPIRED, detail)
    return refuse_name(account, command.lot_id)


def _post(account: Account, command: AddFunds, source: Source) -> FundsAdded:
    lot = lot_of(account, command)
    return FundsAdded(
        *entry_head(
            account, source, command.amount_micros, account.debt - lot.overdraft_paid_micros
        ),
        command.command_id,
        lot,
        command.recharge_seq,
        command.payment_command_id,
    )


def _apply(account: Account, entry: FundsAdded) -> None:
    open_lot(account, entry.lot, entry.at_ms)
    if entry.recharge_seq is not None:
        account.recharge_seq = entry.recharge_seq


def _event(account: Account, command: AddFunds, cause: Cause) -> FundsCredited:
    head = event_head(account, "credited", cause)
    category = None if command.category == "paid" else command.category
    return FundsCredited(*head, command.lot_id, command.amount_micros, category)


def _is_captured(command: AddFunds) -> bool:
    return command.recharge_seq is not None


COMMAND: Final[AccountCommand[AddFunds, FundsAdded]] = AccountCommand(
    record=AddFunds,
    content=(
        *("lot_id", "amount_micros", "currency", "purchased_at"),
        *("recharge_seq", "payment_command_id", "category", "expires_at"),
    ),
    cause="credit",
    refuse=_refuse,
    entry=FundsAdded,
    post=_post,
    apply=_apply,
    event=_event,
    moves_money=True,
    reaches_closed=_is_captured,
    needs_credits=True,
)
