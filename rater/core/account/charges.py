"""Charges: the entry of a CDR that was charged: what every entry says, the call, the lines of its price, its draws."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.draws import plan_draws, with_shortfall
from rater.core.cdr import Cdr, Source
from rater.core.pricing.rating import Rated
from topics.records import Charge, ChargedCall
from topics.records.charge import FreeReason

# Bound once: a name of a module that is not compiled is looked up each time.
_CHARGE: Final = Charge
_CALL: Final = ChargedCall


def charge_of(
    account: Account, cdr: Cdr, source: Source, rated: Rated, reverses: str | None = None
) -> Charge:
    """Return the entry of a rated CDR, its money drawn on the lots. Inline: the hottest lines of the house."""
    micros = rated.charge_micros
    draws, shortfall = plan_draws(account.lots, account.expired, micros, cdr.ended_ms)
    change = -micros
    if account.expired:
        change += sum([draw.amount_micros or 0 for draw in draws if draw.grace])
    seq = account.seq + 1
    return _CHARGE(
        f"{cdr.tenant_id}/{seq}",
        cdr.tenant_id,
        seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        account.currency,
        change,
        account.balance + change,
        account.debt + shortfall,
        cdr.cdr_id,
        rated.outcome,
        micros,
        _call_of(cdr),
        cdr.version,
        "free_rate" if rated.outcome == "free" else None,
        rated.deck_id,
        rated.deck_version,
        rated.prefix,
        rated.destination,
        rated.lines,
        with_shortfall(draws, shortfall),
        micros > 0 and cdr.ended_ms <= account.forfeited_to_ms,
        reverses,
    )


def free_charge(
    account: Account,
    cdr: Cdr,
    source: Source,
    reason: FreeReason,
    reverses: str | None = None,
) -> Charge:
    """Return the entry of a CDR that costs nothing whatever the decks say: unanswered, emergency and the like."""
    seq = account.seq + 1
    return _CHARGE(
        f"{cdr.tenant_id}/{seq}",
        cdr.tenant_id,
        seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        account.currency,
        0,
        account.balance,
        account.debt,
        cdr.cdr_id,
        "free",
        0,
        _call_of(cdr),
        cdr.version,
        reason,
        None,
        None,
        None,
        None,
        (),
        (),
        False,
        reverses,
    )


def _call_of(cdr: Cdr) -> ChargedCall:
    """Return all that the price was decided by; positional, for the sake of its cost."""
    return _CALL(
        cdr.direction,
        cdr.to,
        cdr.answered_ms,
        cdr.ended_ms,
        cdr.billsec,
        cdr.started_ms if cdr.is_answer_named else None,
        cdr.from_,
        cdr.disposition,
        cdr.call_type,
        cdr.service_number_type,
        cdr.usage_country,
        cdr.user_id,
    )
