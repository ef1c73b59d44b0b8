"""The engine: a CDR or a command and an account in; entries, events and statuses out. Start reading here.

One door to the money. It decides everything in plain, synchronous Python: `charge` and `command` rate, draw on lots,
cross thresholds and post the entries to a `Journal`. It never raises for anything that a message can contain: what
cannot be charged comes back as a `Suspension`, what is refused as an entry that says why.

The way of a CDR: `charge` -> `pricing.price_call` (exemptions, contradictions, rating) -> `charges.charge_of` (draws;
the entry) -> `applying.apply` -> `breaker.passed`, where there is a limit -> `journal.look` (thresholds.cross,
status.note_change) -> the entry of the limit.
"""

from typing import cast

from rater.core.account.account import Account
from rater.core.account.adoption import adopt
from rater.core.account.applying import apply
from rater.core.account.breaker import SPEND_PER_HOUR, denied_by, is_new_destination, passed
from rater.core.account.cause import Cause
from rater.core.account.charges import charge_of, free_charge
from rater.core.account.deck_warnings import warn_of_decks
from rater.core.account.execution import execute, open_account, warns_of_decks
from rater.core.account.expiry import expire_due
from rater.core.account.heads import entry_head
from rater.core.account.journal import Journal
from rater.core.account.past import decks_at, was_closed
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.masking import masked_cdr
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Unrated
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension
from topics import records as r
from topics.records import Charge


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
    told = cdr
    if settings.number_masks:
        told = masked_cdr(cdr, (rated, decks, account.currency), rules, settings)
    if isinstance(rated, str):
        free = free_charge(account, told, source, rated)
        journal.post(account, free, "charge", cdr.cdr_id)
        return "free"
    if not isinstance(rated, Rated):
        decided = settings.version if rated.reason is Unrated.CONTRADICTORY else None
        return Suspension(rated.reason, rated.detail, decided)
    if account.adopted is not settings:
        adopt(account, settings)
    if account.balance - rated.charge_micros < -account.balance_max:
        return _beyond_bound(account, rated, settings)
    entry = charge_of(account, told, source, rated)
    _settle(account, cdr, source, journal, (entry, rated.country))
    return rated.outcome


def command(
    account: Account | None, order: r.Command, source: Source, rules: Rules, journal: Journal
) -> Account | None:
    """Carry out a command that is new; return the account as it then is. A refusal is an entry."""
    refusal: Refusal | None = None
    if account is not None:
        expire_due(account, source, journal)
        refusal = execute(account, order, source, rules.settings.at(source.at_ms), journal)
    elif isinstance(order, r.OpenAccount):
        account = open_account(order, source, journal)
    else:
        detail = f"tenant_id: {order.tenant_id} has no account"
        refusal = Refusal(Rejected.UNKNOWN_TENANT, detail)
    if refusal is not None:
        reject(account, order, source, refusal, journal)
    elif account is not None and warns_of_decks(order):
        warn_of_decks(account, order.command_id, source, rules.book, journal)
    return account


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
    )
    journal.refuse(account, entry)


def _beyond_bound(account: Account, rated: Rated, settings: ChargingSettings) -> Suspension:
    """Say that a charge would take the balance below what its currency allows."""
    detail = (
        f"charge_micros: {rated.charge_micros} {account.currency} would take the balance, {account.balance}, "
        f"below -{account.balance_max}"
    )
    return Suspension(Suspended.AMOUNT_TOO_LARGE, detail, settings.version)


def _settle(
    account: Account, cdr: Cdr, source: Source, journal: Journal, charged: tuple[Charge, str]
) -> None:
    """Apply a charge to a number in a country, look at the limits, tell what it crosses, then hold what it breaks."""
    entry, country = charged
    spending, before = account.spending, account.balance
    is_new = spending.high_rate is not None and is_new_destination(spending.high_rate, entry)
    apply(account, entry)
    broken: list[tuple[r.LimitKind, int, int]] = []
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
    why: tuple[list[tuple[r.LimitKind, int, int]], str],
) -> None:
    """Post what the breaker holds after a charge: the limits broken, and the country called."""
    broken, country = why
    for limit, most, found in broken:
        denied = denied_by(limit, cdr, country)
        is_default = limit == SPEND_PER_HOUR and account.spending.per_hour < 0
        fields = entry_head(account, source, 0, account.debt)
        adopted = account.adopted if is_default else None
        version = None if adopted is None else adopted.version
        held = r.SpendLimitTripped(*fields, cdr.cdr_id, limit, most, found, denied, version)
        journal.post(account, held, "charge", cdr.cdr_id)
        journal.suspected(account, held, Cause("charge", cdr.cdr_id, source.at_ms))
