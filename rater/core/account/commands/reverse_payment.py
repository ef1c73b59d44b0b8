"""Take back money that was credited: the provider has returned it to the payer. The rules are in `reversals`."""

from typing import Final

from rater.core.account.account import Account, next_due_ms
from rater.core.account.cause import Cause
from rater.core.account.commands.command import AccountCommand, always
from rater.core.account.draws import apply_draws, with_shortfall
from rater.core.account.heads import entry_head, event_head
from rater.core.account.reversals import CONTENT, moved, plan_reversal, refuse_move
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.core.rejections import Refusal
from topics.records import Draw, PaymentReversedEvent, ReversalPosted, ReversePayment


def _refuse(
    account: Account, command: ReversePayment, _source: Source, _settings: ChargingSettings
) -> Refusal | None:
    draws, _ = plan_reversal(account, command.payment_id, command.amount_micros)
    return refuse_move(account, command, _change(command, draws))


def _post(account: Account, command: ReversePayment, source: Source) -> ReversalPosted:
    draws, shortfall = plan_reversal(account, command.payment_id, command.amount_micros)
    return ReversalPosted(
        *entry_head(account, source, _change(command, draws), account.debt + shortfall),
        *moved(command),
        with_shortfall(draws, shortfall),
    )


def _change(command: ReversePayment, draws: list[Draw]) -> int:
    """Return by how much the balance changes: what was in grace had left it already."""
    return sum([draw.amount_micros or 0 for draw in draws if draw.grace]) - command.amount_micros


def _apply(account: Account, entry: ReversalPosted) -> None:
    apply_draws(account, entry.draws)
    account.due_ms = next_due_ms(account)


def _event(account: Account, command: ReversePayment, cause: Cause) -> PaymentReversedEvent:
    head = event_head(account, f"payment_reversed/{command.payment_id}", cause)
    money = (command.payment_id, command.amount_micros, command.reversal, command.reversal_id)
    return PaymentReversedEvent(*head, *money)


COMMAND: Final[AccountCommand[ReversePayment, ReversalPosted]] = AccountCommand(
    record=ReversePayment,
    content=CONTENT,
    cause="reversal",
    refuse=_refuse,
    entry=ReversalPosted,
    post=_post,
    apply=_apply,
    event=_event,
    moves_money=True,
    reaches_closed=always,
    needs_credits=True,
)
