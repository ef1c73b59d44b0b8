"""Charges: the entry of a CDR that was charged: what every entry says, the call, the lines of its price, its draws."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.draws import plan_of, waived_draw, with_shortfall
from rater.core.cdr import Cdr, Source
from rater.core.pricing.rating import Rated
from topics.records import Charge, ChargedCall
from topics.records.charge import FreeReason

# Bound once: a name of a module that is not compiled is looked up each time.
_CHARGE: Final = Charge
_CALL: Final = ChargedCall


def charge_of(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rated: Rated,
    reverses: str | None = None,
    owed_of: str | None = None,
) -> Charge:
    """Return the entry of a rated CDR, its money drawn on lots, then on what `owed_of`, a month, owes; else on debt."""
    micros, funding = rated.charge_micros, rated.funding
    is_waived = funding is not None and funding.is_waived
    if is_waived:
        draws, shortfall, change = [waived_draw(micros)], 0, 0
    else:
        draws, shortfall = plan_of(account, micros, cdr.ended_ms)
        change = -micros
    if account.expired and not is_waived:
        change += sum([draw.amount_micros or 0 for draw in draws if draw.grace])
    seq, drawn = account.seq + 1, with_shortfall(draws, shortfall, owed_of)
    if owed_of is not None:
        change, shortfall = change + shortfall, 0
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
        rated.reason,
        rated.grace_s,
        rated.deck_id,
        rated.deck_version,
        rated.prefix,
        rated.destination,
        rated.lines,
        drawn if funding is None else funding.draws + drawn,
        micros > 0 and not is_waived and cdr.ended_ms <= account.forfeited_to_ms,
        reverses,
        None if funding is None else funding.plan_version,
        None if funding is None else funding.entitlement_seq,
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
        None,
        (),
        (),
        False,
        reverses,
    )


def _call_of(cdr: Cdr) -> ChargedCall:
    """Return all that the price was decided by; positional, for the sake of its cost."""
    dialled = cdr.dialled
    return _CALL(
        cdr.direction,
        cdr.to if dialled is None else dialled,
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
        cdr.organizer_id,
        None if dialled is None else cdr.to,
    )
