"""The engine: a CDR or a command and an account in; entries, events and statuses out. Start reading here.

One door to the money. It decides everything in plain, synchronous Python: `charge` and `command` rate, draw on lots,
cross thresholds and post the entries to a `Journal`. It never raises for anything that a message can contain: what
cannot be charged comes back as a `Suspension`, what is refused as an entry that says why.

The way of a CDR: `charge` -> `pricing.price_call` (exemptions, contradictions, rating) -> `lots.plan_draws` -> an
entry -> `applying.apply` -> `breaker.passed`, where there is a limit -> `journal.look` (thresholds.cross,
status.note_change) -> the entry of the limit.
"""

from rater.core import entries as e
from rater.core.account import commands as c
from rater.core.account.account import Account
from rater.core.account.administration import obey, open_account
from rater.core.account.adoption import adopt
from rater.core.account.applying import apply
from rater.core.account.breaker import SPEND_PER_HOUR, denied_by, is_new_destination, passed
from rater.core.account.deck_warnings import warn_of_decks
from rater.core.account.draws import plan_draws
from rater.core.account.expiry import expire_due, head
from rater.core.account.journal import Journal
from rater.core.account.past import decks_at, was_closed
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings
from rater.core.entries import Charge
from rater.core.events import Occasion
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Unrated
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension


def charge(
    account: Account, cdr: Cdr, source: Source, rules: Rules, journal: Journal
) -> str | Suspension:
    """Charge a CDR that is new; return its outcome, `rated` or `free`, or why it waits."""
    if source.at_ms >= account.due_ms:
        expire_due(account, source, journal)
    if cdr.kind != "final" or cdr.version != 1:
        detail = (
            f"kind: {cdr.kind}, version: {cdr.version}; corrections and voids are not taken yet"
        )
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    answered_ms, decks, past = cdr.answered_ms, account.decks, account.past
    closed = answered_ms >= account.closed_ms
    if past is not None and answered_ms < past.settled_ms:
        closed = closed or was_closed(past, answered_ms)
        decks = decks_at(past, answered_ms, decks)
    if closed:
        detail = f"tenant_id: {cdr.tenant_id} was closed when the call was answered"
        return Suspension(Suspended.ACCOUNT_CLOSED, detail)
    settings = rules.settings.at(source.at_ms)
    rated = price_call(cdr, decks, account.currency, rules, settings)
    if isinstance(rated, str):
        _post_free(account, cdr, source, journal, rated)
        return "free"
    if not isinstance(rated, Rated):
        decided = settings.version if rated.reason is Unrated.CONTRADICTORY else None
        return Suspension(rated.reason, rated.detail, decided)
    if account.adopted is not settings:
        adopt(account, settings)
    if account.balance - rated.charge_micros < -account.balance_max:
        return _beyond_bound(account, rated, settings)
    _post_charge(account, cdr, source, journal, rated)
    return rated.outcome


def command(
    account: Account | None, order: c.Command, source: Source, rules: Rules, journal: Journal
) -> Account | None:
    """Carry out a command that is new; return the account as it then is. A refusal is an entry."""
    if account is None:
        if isinstance(order, c.OpenAccount):
            account = open_account(order, source, journal)
            warn_of_decks(account, order.command_id, source, rules.book, journal)
            return account
        detail = f"tenant_id: {order.tenant_id} has no account"
        reject(None, order, source, Refusal(Rejected.UNKNOWN_TENANT, detail), journal)
        return None
    expire_due(account, source, journal)
    refusal = obey(account, order, source, rules.settings.at(source.at_ms), journal)
    if refusal is not None:
        reject(account, order, source, refusal, journal)
    elif isinstance(order, c.SetDecks | c.ReopenAccount):
        warn_of_decks(account, order.command_id, source, rules.book, journal)
    return account


def reject(
    account: Account | None, order: c.Command, source: Source, refusal: Refusal, journal: Journal
) -> None:
    """Say on the ledger why a command is refused; nothing changes, no sequence number is taken.

    Captured money that is refused is told, too: somebody has paid it.
    """
    entry = e.CommandRejected(
        f"{source.topic}/{source.partition}/{source.offset}",
        order.tenant_id,
        0 if account is None else account.seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        order.command_id,
        c.TYPE_NAMES[type(order)],
        refusal.reason,
        refusal.detail,
        None if account is None else account.currency,
        None if account is None else account.balance,
        settings_version=refusal.settings_version,
    )
    if isinstance(order, c.AddFunds) and order.recharge_seq is not None:
        entry.lot_id, entry.credit_micros = order.lot_id, order.amount_micros
        entry.payment_command_id = order.payment_command_id
    journal.refuse(account, entry)


def _post_free(account: Account, cdr: Cdr, source: Source, journal: Journal, reason: str) -> None:
    """Post a charge of nothing: unanswered, emergency and the like."""
    entry = e.Charge(
        *head(account, source, 0, account.debt),
        cdr.cdr_id,
        cdr.version,
        "free",
        0,
        cdr.direction,
        cdr.to,
        cdr.answered_ms,
        cdr.billsec,
        reason,
    )
    journal.post(account, entry, "charge", cdr.cdr_id)


def _beyond_bound(account: Account, rated: Rated, settings: ChargingSettings) -> Suspension:
    """Say that a charge would take the balance below what its currency allows."""
    detail = (
        f"charge_micros: {rated.charge_micros} {account.currency} would take the balance, {account.balance}, "
        f"below -{account.balance_max}"
    )
    return Suspension(Suspended.AMOUNT_TOO_LARGE, detail, settings.version)


def _post_charge(
    account: Account, cdr: Cdr, source: Source, journal: Journal, rated: Rated
) -> None:
    """Draw on the lots and post the entry. Inline and positional: this is the hottest line of the house."""
    micros = rated.charge_micros
    draws, shortfall = plan_draws(account.lots, account.expired, micros, cdr.ended_ms)
    change = -micros
    if account.expired:
        change += sum(draw.amount_micros for draw in draws if draw.grace)
    seq = account.seq + 1
    entry = Charge(
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
        cdr.version,
        rated.outcome,
        micros,
        cdr.direction,
        cdr.to,
        cdr.answered_ms,
        cdr.billsec,
        "free_rate" if rated.outcome == "free" else None,
        rated.billed_s,
        rated.deck_id,
        rated.deck_version,
        rated.prefix,
        rated.destination,
        rated.connection_fee_micros,
        rated.spans,
        draws,
        shortfall,
        micros > 0 and cdr.ended_ms <= account.forfeited_to_ms,
    )
    _settle(account, cdr, source, journal, (entry, rated.country))


def _settle(
    account: Account, cdr: Cdr, source: Source, journal: Journal, charged: tuple[Charge, str]
) -> None:
    """Apply a charge to a number in a country, look at the limits, tell what it crosses, then hold what it breaks."""
    entry, country = charged
    spending, before = account.spending, account.balance
    is_new = spending.dear is not None and is_new_destination(spending.dear, entry)
    apply(account, entry)
    broken: list[tuple[str, int, int]] = []
    if spending.spent + spending.spent_before > spending.limit or spending.cost_limit or is_new:
        broken = passed(spending, entry, is_new)
    journal.look(account, entry, before, "charge", cdr.cdr_id, bool(broken))
    if broken:
        _hold(account, cdr, source, journal, (broken, country))


def _hold(
    account: Account,
    cdr: Cdr,
    source: Source,
    journal: Journal,
    why: tuple[list[tuple[str, int, int]], str],
) -> None:
    """Post what the breaker holds after a charge: the limits broken, and the country called."""
    broken, country = why
    for limit, most, found in broken:
        denied = denied_by(limit, cdr, country)
        is_default = limit == SPEND_PER_HOUR and account.spending.per_hour < 0
        fields = head(account, source, 0, account.debt)
        held = e.SpendLimitTripped(*fields, cdr.cdr_id, limit, most, found, denied)
        if is_default and account.adopted is not None:
            held.settings_version = account.adopted.version
        journal.post(account, held, "charge", cdr.cdr_id)
        journal.suspected(account, held, Occasion("charge", cdr.cdr_id, source.at_ms))
