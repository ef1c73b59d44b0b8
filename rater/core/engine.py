"""The engine: a CDR or a command and an account in; entries, events and statuses out. Start reading here.

One door to the money. It decides everything in plain, synchronous Python: `charge` and `command` rate, draw on lots,
cross thresholds and post the entries to a `Journal`. It never raises for anything that a message can contain: what
cannot be charged comes back as a `Suspension`, what is refused as an entry that says why.

The way of a CDR: `charge` -> `pricing.price_call` (exemptions, contradictions, rating) -> `charges.charge_of` (draws;
the entry) -> `applying.apply` -> `breaker.passed`, where there is a limit -> `journal.look` (thresholds.cross,
status.note_change) -> the entry of the limit.

A correction, `correct`, takes the same way; before its charge the one that it replaces is taken back (`reversal`).
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
from rater.core.account.reversal import reversal_of
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX, LOTS_MAX
from rater.core.pricing.masking import masked_cdr
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Unrated
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension
from topics import records as r
from topics.records import Charge
from topics.records.charge import FreeReason

Priced = tuple[Cdr, Rated | FreeReason]
"""A CDR as its entry says it, and what it costs, or why nothing."""


def charge(
    account: Account, cdr: Cdr, source: Source, rules: Rules, journal: Journal
) -> str | Suspension:
    """Charge a CDR that is new; return its outcome, `rated` or `free`, or why it waits."""
    if source.at_ms >= account.due_ms:
        expire_due(account, source, journal)
    price = _price(account, cdr, source, rules, 0)
    if isinstance(price, Rated):
        told = _told(account, cdr, price, source, rules) if rules.settings.hides else cdr
        entry = charge_of(account, told, source, price)
        _settle(account, cdr, source, journal, (entry, price.country))
        return price.outcome
    if isinstance(price, str):
        told = _told(account, cdr, price, source, rules) if rules.settings.hides else cdr
        free = free_charge(account, told, source, price)
        journal.post(account, free, "charge", cdr.cdr_id)
        return "free"
    return price


def correct(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rules: Rules,
    journal: Journal,
    original: Charge | None,
) -> str | Suspension:
    """Take a correction or a void, or a later version of a CDR; `original` is what is charged of it now.

    Its outcome is that of its charge, or `voided`.
    """
    if source.at_ms >= account.due_ms:
        expire_due(account, source, journal)
    if not rules.settings.at(source.at_ms).corrections:
        detail = (
            f"kind: {cdr.kind}, version: {cdr.version}; corrections and voids are not taken yet"
        )
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    if original is not None and (wrong := _cannot_return(account, original)):
        return wrong
    if cdr.kind != "void":
        if original is None:
            return charge(account, cdr, source, rules, journal)
        price = _price(account, cdr, source, rules, original.charge_micros)
        if isinstance(price, Rated | str):
            told = _told(account, cdr, price, source, rules)
            return _replace(account, (told, price), source, journal, original)
        return price
    return _void(account, cdr, source, journal, original)


def _price(
    account: Account, cdr: Cdr, source: Source, rules: Rules, replaced_micros: int
) -> Rated | FreeReason | Suspension:
    """Price a CDR, or say why it has no price now; so much comes back with it. The account's bounds are noted."""
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
        return rated
    if not isinstance(rated, Rated):
        decided = settings.version if rated.reason is Unrated.CONTRADICTORY else None
        return Suspension(rated.reason, rated.detail, decided)
    if account.adopted is not settings:
        adopt(account, settings)
    if account.balance + replaced_micros - rated.charge_micros < -account.balance_max:
        return _beyond_bound(account, rated, settings)
    return rated


def _told(
    account: Account, cdr: Cdr, price: Rated | FreeReason, source: Source, rules: Rules
) -> Cdr:
    """Return a CDR as its entry says it: the tails of its numbers hidden, where the settings ask for it."""
    settings, decks, past = rules.settings.at(source.at_ms), account.decks, account.past
    if not settings.number_masks:
        return cdr
    if past is not None and cdr.answered_ms < past.settled_ms:
        decks = decks_at(past, cdr.answered_ms, decks)
    return masked_cdr(cdr, (price, decks, account.currency), rules, settings)


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


def _cannot_return(account: Account, original: Charge) -> Suspension | None:
    """Say why money cannot come back: the account has no room for it."""
    if len(account.lots) + len(account.expired) + len(original.draws) >= LOTS_MAX:
        detail = f"lots: {LOTS_MAX} is the limit, and what comes back may open more"
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    if account.balance + original.charge_micros > AMOUNT_MICROS_MAX:
        detail = (
            f"charge_micros: {original.charge_micros} {account.currency}, taken back, would take the balance, "
            f"{account.balance}, above {AMOUNT_MICROS_MAX}"
        )
        return Suspension(Suspended.AMOUNT_TOO_LARGE, detail)
    return None


def _void(
    account: Account, cdr: Cdr, source: Source, journal: Journal, original: Charge | None
) -> str | Suspension:
    """Take a charge back, and post no other."""
    if original is None:
        detail = f"kind: void, version: {cdr.version}; no charge of an earlier version of {cdr.cdr_id} stands"
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    taken_back = reversal_of(account, original, cdr, source)
    journal.post(account, taken_back, "charge", cdr.cdr_id)
    return "voided"


def _replace(
    account: Account, priced: Priced, source: Source, journal: Journal, original: Charge
) -> str:
    """Take a charge back and post another; what both cross is seen once, and no limit of spending is looked at."""
    cdr, price = priced
    before = account.balance
    taken_back = reversal_of(account, original, cdr, source)
    apply(account, taken_back)
    journal.entries.append(taken_back)
    if isinstance(price, Rated):
        entry = charge_of(account, cdr, source, price, original.entry_id)
    else:
        entry = free_charge(account, cdr, source, price, original.entry_id)
    apply(account, entry)
    journal.look(account, entry, before, "charge", cdr.cdr_id)
    return entry.outcome


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
