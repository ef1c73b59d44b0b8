"""The engine: a CDR or a command and an account in; entries, events and statuses out. Start reading here.

One door to the money. It decides everything in plain, synchronous Python: `charge` and `command` rate, draw on lots,
cross thresholds and post the entries to a `Journal`. It never raises for anything that a message can contain: what
cannot be charged comes back as a `Suspension`, what is refused as an entry that says why.

The way of a CDR: `charge` -> `pricing.price_call` (exemptions, contradictions, rating; an account without credits has
no decks, its calls go to `bundle`) -> `unlicensed.payable`, where the account has a contract (`funding.fund`: pools;
the rest is priced anew; may money pay that?) -> `charges.charge_of` (draws; the entry) -> `applying.apply` ->
`breaker.passed`, where there is a limit -> `journal.look` (thresholds.cross, status.note_change) -> the entry of the
limit -> `counting.count`, of the user whose call it is.

A correction, `correct`, takes the same way; before its charge the one that it replaces is taken back (`reversal`).
A call that could not be priced for days is given for free: `free_call`; one that waits is looked at again: `release`;
one that is charged is priced anew: `rerate`.
"""

from rater.core.account import releasing, rerating
from rater.core.account.account import Account
from rater.core.account.applying import apply, apply_charge
from rater.core.account.bounds import cannot_return
from rater.core.account.cause import Cause
from rater.core.account.charges import charge_of, free_charge
from rater.core.account.counting import count, count_back, user_of
from rater.core.account.deck_warnings import warn_of_decks
from rater.core.account.execution import execute, open_account, warns_of_decks
from rater.core.account.expiry import expire_due
from rater.core.account.freecall import Waiting, give, give_up
from rater.core.account.journal import Journal
from rater.core.account.post_paid import has_billing, look_at_billing, owing_month
from rater.core.account.priced import price_of, told_of
from rater.core.account.rejecting import reject
from rater.core.account.reversal import balance_back, reversal_of
from rater.core.account.settling import hold_broken, settle
from rater.core.account.unlicensed import may_not_replace, payable
from rater.core.account.user import Users, consumer_of
from rater.core.account.user_status import note_user
from rater.core.cdr import Cdr, Source
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension
from topics import records as r
from topics.records import Charge
from topics.records.charge import FreeReason
from topics.records.recycling import ReleaseCall
from topics.records.rerating import RerateCall

Priced = tuple[Cdr, Rated | FreeReason]
"""A CDR, and what it costs, or why nothing."""


def charge(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None = None,
) -> str | Suspension:
    """Charge a CDR that is new; return its outcome, `rated` or `free`, or why it waits.

    `users` are asked where the account has any; without them nobody is known.
    """
    if source.at_ms >= account.due_ms:
        _post_due(account, cdr, source, rules, journal)
    user = None if account.contract is None else user_of(account, cdr.consumer(), users)
    price = price_of(account, cdr, source, rules, (0, None), user)
    if isinstance(price, Rated):
        month: str | None = None
        if account.contract is not None:
            month = owing_month(account, cdr.started_ms, rules)
            funded = payable(account, cdr, price, (rules, source.at_ms), user)
            if not isinstance(funded, Rated):
                return funded
            price = funded
        told = told_of(account, cdr, price, source, rules, user) if rules.settings.hides else cdr
        posting = charge_of(account, told, source, price, None, month)
        broken = settle(account, cdr, journal, posting)
        if user is not None:
            count(account, posting.entry, rules, users, journal)
        if broken:
            hold_broken(account, cdr, source, journal, (broken, price.country), user)
        _look_at_billing(account, cdr, source, rules, journal)
        return price.outcome
    if isinstance(price, str):
        told = told_of(account, cdr, price, source, rules, user) if rules.settings.hides else cdr
        free = free_charge(account, told, source, price)
        journal.post_charge(account, free, cdr.cdr_id)
        _look_at_billing(account, cdr, source, rules, journal)
        return "free"
    return price


def correct(  # noqa: PLR0911, PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rules: Rules,
    journal: Journal,
    original: Charge | None,
    voided: str | None = None,
    users: Users | None = None,
) -> str | Suspension:
    """Take a correction or a void, or a later version of a CDR; `original` is what is charged of it now.

    `voided`: what an earlier void has taken back, or the entry of that void, where it found nothing. The outcome is
    that of the charge; of a void `voided`, or `free`, where nothing is charged.
    """
    if source.at_ms >= account.due_ms:
        _post_due(account, cdr, source, rules, journal)
    settings = rules.settings.at(source.at_ms)
    if not settings.corrections:
        detail = (
            f"kind: {cdr.kind}, version: {cdr.version}; the settings take no corrections. With `corrections` on, "
            "a higher version of it is taken"
        )
        return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail, settings.version)
    user = user_of(account, cdr.consumer(), users)
    if original is not None and (wrong := cannot_return(account, cdr, source, original, user)):
        return wrong
    if cdr.kind == "void":
        if original is not None:
            return _void(account, cdr, source, rules, journal, (original, users))
        give_up(account, cdr, source, settings, journal)
        _look_at_billing(account, cdr, source, rules, journal)
        return "free"
    if original is None and voided is None:
        return charge(account, cdr, source, rules, journal, users)
    back = 0 if original is None else balance_back(account, original, source.at_ms)
    price = price_of(account, cdr, source, rules, (back, original), user)
    if isinstance(price, Rated):
        now = (rules, source.at_ms)
        price = may_not_replace(account, cdr, price, now, original, user) or price
    if isinstance(price, Suspension):
        return price
    standing = original, voided, users
    return _replace(account, (cdr, price), source, rules, journal, standing)


def _post_due(account: Account, cdr: Cdr, source: Source, rules: Rules, journal: Journal) -> None:
    """Post what is due before a CDR is looked at."""
    expire_due(account, source, journal)
    _look_at_billing(account, cdr, source, rules, journal)


def _look_at_billing(
    account: Account, cdr: Cdr, source: Source, rules: Rules, journal: Journal
) -> None:
    """Say how the account pays after a CDR, where that has changed."""
    if account.contract is not None and has_billing(account.contract):
        look_at_billing(account, source, Cause("charge", cdr.cdr_id, source.at_ms), rules, journal)


def free_call(  # noqa: PLR0913, PLR0917
    account: Account,
    order: r.FreeCall,
    waits: Waiting | None,
    source: Source,
    rules: Rules,
    journal: Journal,
) -> bool:
    """Give for free a call that has waited long enough for a price, or refuse to; say whether it is free now."""
    _begin(account, order, source, rules, journal)
    refusal = give(account, order, waits, source, rules.settings.at(source.at_ms), journal)
    if refusal is not None:
        reject(account, order, source, refusal, journal)
    return refusal is None


def release(  # noqa: PLR0913, PLR0917
    account: Account,
    order: ReleaseCall,
    waits: Waiting,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None,
) -> Suspension | None:
    """Look at a call that waits again: charge it now, or refuse to, and say what it waits for."""
    cause = _begin(account, order, source, rules, journal)
    why = releasing.release(account, order, waits, source, rules, journal, users)
    if why is not None:
        masks = rules.settings.at(source.at_ms).number_masks
        reject(account, order, source, releasing.still_waits(order, why, masks), journal)
    look_at_billing(account, source, cause, rules, journal)
    return why


def rerate(  # noqa: PLR0913, PLR0917
    account: Account,
    order: RerateCall,
    original: Charge,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None,
) -> Refusal | None:
    """Price a charge that stands anew, and post what differs, or nothing; or refuse to, and say why."""
    cause = _begin(account, order, source, rules, journal)
    refusal = rerating.rerate(account, order, original, source, rules, journal, users)
    look_at_billing(account, source, cause, rules, journal)
    return refusal


def command(
    account: Account | None, order: r.Command, source: Source, rules: Rules, journal: Journal
) -> Account | None:
    """Carry out a command that is new; return the account as it then is. A refusal is an entry."""
    refusal: Refusal | None = None
    cause = Cause("settings", order.command_id, source.at_ms)
    if account is not None:
        _begin(account, order, source, rules, journal)
        refusal = execute(account, order, source, rules, journal)
    elif isinstance(order, r.OpenAccount):
        account = open_account(order, source, rules, journal)
    else:
        detail = f"tenant_id: {order.tenant_id} has no account"
        refusal = Refusal(Rejected.UNKNOWN_TENANT, detail)
    if refusal is not None:
        reject(account, order, source, refusal, journal)
    elif account is not None and warns_of_decks(order):
        warn_of_decks(account, order.command_id, source, rules.book, journal)
    if account is not None:
        look_at_billing(account, source, cause, rules, journal)
    return account


def _begin(
    account: Account, order: r.Command, source: Source, rules: Rules, journal: Journal
) -> Cause:
    """Post what is due before a command is looked at."""
    expire_due(account, source, journal)
    cause = Cause("settings", order.command_id, source.at_ms)
    look_at_billing(account, source, cause, rules, journal)
    return cause


def _void(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rules: Rules,
    journal: Journal,
    standing: tuple[Charge, Users | None],
) -> str:
    """Take a charge back, and post no other."""
    original, users = standing
    first = user_of(account, consumer_of(original.call), users)
    taken_back = reversal_of(account, original, cdr, source, first)
    journal.post(account, taken_back, "charge", cdr.cdr_id)
    count_back(account, taken_back, original, rules, users)
    if first is not None and original.draws:
        note_user(first, account, rules, source.at_ms, journal.users)
    _look_at_billing(account, cdr, source, rules, journal)
    return "voided"


def _replace(  # noqa: PLR0913, PLR0917
    account: Account,
    priced: Priced,
    source: Source,
    rules: Rules,
    journal: Journal,
    standing: tuple[Charge | None, str | None, Users | None],
) -> str:
    """Take a charge back, unless a void has done so, and post another; no limit of spending is looked at.

    What both cross is seen once.
    """
    (cdr, price), (original, reverses, users) = priced, standing
    user = user_of(account, cdr.consumer(), users)
    before, first = account.balance, None
    if original is not None:
        reverses = original.entry_id
        first = user_of(account, consumer_of(original.call), users)
        taken_back = reversal_of(account, original, cdr, source, first)
        apply(account, taken_back)
        count_back(account, taken_back, original, rules, users)
        journal.entries.append(taken_back)
        if not original.draws:
            first = None
    if isinstance(price, Rated):
        # Only now: what the charge had drawn on pools is back.
        funded = payable(account, cdr, price, (rules, source.at_ms), user)
        assert isinstance(funded, Rated), funded
        told = told_of(account, cdr, funded, source, rules, user)
        month = owing_month(account, cdr.started_ms, rules)
        posting = charge_of(account, told, source, funded, reverses, month)
    else:
        told = told_of(account, cdr, price, source, rules, user)
        posting = free_charge(account, told, source, price, reverses)
    entry = posting.entry
    apply_charge(account, posting)
    journal.look(account, posting, before, cdr.cdr_id)
    count(account, entry, rules, users, journal)
    if first is not None and (first is not user or not entry.draws):
        note_user(first, account, rules, source.at_ms, journal.users)
    _look_at_billing(account, cdr, source, rules, journal)
    return entry.outcome
