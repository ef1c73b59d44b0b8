"""Charges: the posting of a CDR: its entry with what all entries say, the call, the lines of its price, its draws."""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.draws import LotDraw, plan_of, waived_draw, with_shortfall
from rater.core.account.posting import Posting
from rater.core.cdr import Cdr, Source
from rater.core.pricing.plans.funding import PoolDraw
from rater.core.pricing.rating import Rated
from topics.records import Charge, ChargedCall, Draw
from topics.records.charge import FreeReason

NO_POOLS: Final[tuple[PoolDraw, ...]] = ()
NO_DRAWS: Final[tuple[Draw, ...]] = ()
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
) -> Posting:
    """Return the posting of a rated CDR, its money drawn on lots, then owed of the month `owed_of`, or else debt."""
    micros, funding = rated.charge_micros, rated.funding
    is_waived = funding is not None and funding.is_waived
    pools = NO_POOLS if funding is None else funding.pools
    drawn, lots, shortfall, change = _drawn_of(account, rated, cdr.ended_ms, owed_of)
    debt = account.debt if owed_of is not None else account.debt + shortfall
    seq, balance, at_ms = account.seq + 1, account.balance + change, source.at_ms
    entry = _CHARGE(
        f"{cdr.tenant_id}/{seq}",
        cdr.tenant_id,
        seq,
        at_ms,
        source.topic,
        source.partition,
        source.offset,
        account.currency,
        change,
        balance,
        debt,
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
    after, kind = (change, balance, debt), (reverses is not None, is_waived)
    return Posting(entry, at_ms, seq, after, micros, kind, pools, lots, shortfall, owed_of)


def free_charge(
    account: Account,
    cdr: Cdr,
    source: Source,
    reason: FreeReason,
    reverses: str | None = None,
) -> Posting:
    """Return the posting of a CDR that costs nothing whatever the decks say: unanswered, emergency and the like."""
    seq, at_ms = account.seq + 1, source.at_ms
    entry = _CHARGE(
        f"{cdr.tenant_id}/{seq}",
        cdr.tenant_id,
        seq,
        at_ms,
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
    return Posting(entry, at_ms, seq, (0, account.balance, account.debt), 0, (False, False))


def _drawn_of(
    account: Account, rated: Rated, ended_ms: int, owed_of: str | None
) -> tuple[tuple[Draw, ...], list[LotDraw] | None, int, int]:
    """Return the draws of a price's money, those on lots, what none of them pays, and the change of the balance."""
    micros = rated.charge_micros
    if not micros:
        return NO_DRAWS, None, 0, 0
    if rated.funding is not None and rated.funding.is_waived:
        return (waived_draw(micros),), None, 0, 0
    lots, shortfall = plan_of(account, micros, ended_ms)
    drawn = with_shortfall([each.draw() for each in lots], shortfall, owed_of)
    change = -micros if owed_of is None else shortfall - micros
    for each in lots:
        if each.grace:
            # An expired lot is no balance any more.
            change += each.micros
    return drawn, lots, shortfall, change


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
