"""Rejecting: what the ledger says of a command that is refused."""

from typing import cast

from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.cdr import Source
from rater.core.rejections import Refusal
from topics import records as r


def reject(
    account: Account | None, order: r.Command, source: Source, refusal: Refusal, journal: Journal
) -> None:
    """Say on the ledger why a command is refused; nothing changes, no sequence number is taken.

    Captured money that is refused is told, too: somebody has paid it.
    """
    credit = order if isinstance(order, r.AddFunds) and order.recharge_seq is not None else None
    entry = r.CommandRejected(
        f"{source.topic}/{source.partition}/{source.offset}",
        order.tenant_id,
        0 if account is None else account.seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        order.command_id,
        cast("r.CommandType", order.type),
        cast("r.CommandReason", refusal.reason),
        refusal.detail,
        None if account is None else account.currency,
        None if account is None else account.balance,
        None if credit is None else credit.lot_id,
        None if credit is None else credit.amount_micros,
        None if credit is None else credit.payment_command_id,
        refusal.settings_version,
        refusal.waits,
    )
    journal.refuse(account, entry)
