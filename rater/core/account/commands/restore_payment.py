"""Give back what a reversal has taken: a dispute was won, or a refund failed. The rules are in `reversals`."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.calendar import add_months
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand, always
from rater.core.account.credits import open_lot, refuse_lot
from rater.core.account.heads import entry_head, event_head
from rater.core.account.lots import restored_lot_id
from rater.core.account.reversals import CONTENT, moved, refuse_move
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import LOTS_MAX, MONTHS_VALID
from rater.core.rejections import Refusal, Rejected
from topics.records import Lot, PaymentRestoredEvent, RestorationPosted, RestorePayment


def _refuse(
    account: Account, command: RestorePayment, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    if refusal := refuse_move(account, command, command.amount_micros):
        return refusal
    is_lot = min(account.debt, command.amount_micros) < command.amount_micros
    if is_lot and len(account.lots) + len(account.expired) >= LOTS_MAX:
        return Refusal(Rejected.TOO_MANY_LOTS, f"lots: {LOTS_MAX} is the limit")
    return refuse_lot(account, restored_lot_id(command.command_id))


def _post(account: Account, command: RestorePayment, source: Source) -> RestorationPosted:
    amount, now = command.amount_micros, source.at_ms
    paid = min(account.debt, amount)
    expires_ms = add_months(now, MONTHS_VALID)
    lot = Lot(restored_lot_id(command.command_id), amount, paid, amount - paid, now, expires_ms)
    fields = entry_head(account, source, amount, account.debt - paid)
    return RestorationPosted(*fields, *moved(command), lot)


def _apply(account: Account, entry: RestorationPosted) -> None:
    open_lot(account, entry.lot, entry.at_ms)


def _event(account: Account, command: RestorePayment, cause: Cause) -> PaymentRestoredEvent:
    head = event_head(account, f"payment_restored/{command.payment_id}", cause)
    money = (command.payment_id, command.amount_micros, command.reversal, command.reversal_id)
    return PaymentRestoredEvent(*head, *money)


COMMAND: Final[AccountCommand[RestorePayment, RestorationPosted]] = AccountCommand(
    record=RestorePayment,
    content=CONTENT,
    cause="reversal",
    refuse=_refuse,
    entry=RestorationPosted,
    post=_post,
    apply=_apply,
    event=_event,
    moves_money=True,
    reaches_closed=always,
    needs_credits=True,
)
