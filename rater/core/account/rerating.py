"""Rerating: a charge that stands is taken back, and posted anew as its call costs by the decks and plans as they are.

Rule 1: the call is as its entry says it (R4). It is priced by the decks of its answer, the plans and licences of its
        start; settings are those of the re-rating's own time, which is also the entries'.
Rule 2: a call that costs as much as before, and draws the same of each pool, is left alone: nothing is posted.
Rule 3: it is taken back by its own draws, as by a correction (`reversal`). What both entries cross is seen once,
        against the balance before both: what had been crossed is not told again for the same money.
Rule 4: its money is late (R25): it counts for the user's month, and for no limit of spending and no runway.
Rule 5: what has no price by now, or cannot be taken back, stays as it was charged, and the refusal says why.
Rule 6: no job rates again what it has posted. Given for free after waiting, or by a void, is no price to be put right.
"""

from msgspec.structs import replace

from rater.core.account.account import Account
from rater.core.account.applying import apply, apply_charge
from rater.core.account.bounds import cannot_return
from rater.core.account.charged_cdr import cdr_of
from rater.core.account.charges import charge_of, free_charge
from rater.core.account.counting import count, count_back, user_of
from rater.core.account.draws import pool_seconds
from rater.core.account.funding import fund
from rater.core.account.journal import Journal
from rater.core.account.post_paid import owing_month
from rater.core.account.posting import Posting, posting_of
from rater.core.account.priced import price_of, told_of
from rater.core.account.rejecting import reject
from rater.core.account.reversal import balance_back, reversal_of
from rater.core.account.unlicensed import may_not_replace, payable, what_becomes
from rater.core.account.user import User, Users, is_waived
from rater.core.account.user_status import note_user
from rater.core.cdr import Cdr, Source
from rater.core.pricing.masking import hide_in_detail
from rater.core.pricing.rated import Rated, waived
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension
from topics.records import Charge, ChargeReversed
from topics.records.charge import FreeReason
from topics.records.rerating import RerateCall

Call = tuple[Charge, Cdr, User | None]
"""What was charged, the CDR that it says, and whose call it is, where that is known."""


def not_standing(order: RerateCall, stands: Charge | None) -> Refusal | None:
    """Refuse what names a charge that does not stand, or that its job has posted; `stands`: what does."""
    named = f"cdr_id: {order.cdr_id}, version {order.version}, entry {order.entry_id}"
    if stands is None:
        detail = f"{named}, is not known to stand"
        return Refusal(Rejected.NOT_STANDING, detail)
    if (stands.entry_id, stands.version) != (order.entry_id, order.version):
        detail = f"{named}, does not stand: version {stands.version}, entry {stands.entry_id}, does"
        return Refusal(Rejected.NOT_STANDING, detail)
    if stands.generation and stands.job_id == order.job_id:
        detail = f"{named}, was rated again by this job, {order.job_id}"
        return Refusal(Rejected.NOT_STANDING, detail)
    return None


def rerate(  # noqa: PLR0913, PLR0917
    account: Account,
    order: RerateCall,
    original: Charge,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None,
) -> Refusal | None:
    """Rate a charge that stands again, and post what comes of it; refuse to, where it cannot be, and say why."""
    cdr = cdr_of(original)
    call = original, cdr, user_of(account, cdr.consumer(), users)
    rated, why = _price(account, call, source, rules)
    if why is None and _is_as(original, rated):
        return None
    why = why or cannot_return(account, cdr, source, original, call[2])
    if why is not None:
        masks = rules.settings.at(source.at_ms).number_masks
        detail = f"{why.reason}: {hide_in_detail(why.detail, masks)}"[:1_000]
        refusal = Refusal(Rejected.NOT_PRICED, detail, why.settings_version)
        reject(account, order, source, refusal, journal)
        return refusal
    _replace(account, order, call, source, rules, journal, users)
    return None


def _price(
    account: Account, call: Call, source: Source, rules: Rules
) -> tuple[Rated | FreeReason | None, Suspension | None]:
    """Return what a call costs now, and who pays it once the charge is taken back; or why it has no price."""
    original, cdr, user = call
    if original.reason in ("freecall", "voided"):
        detail = f"kind: it was free, {original.reason}, and stays so"
        return None, Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)
    settings = rules.settings.at(source.at_ms)
    if not settings.corrections:
        detail = "the settings take no corrections, and so no re-rating"
        return None, Suspension(Suspended.CORRECTION_UNSUPPORTED, detail, settings.version)
    back = balance_back(account, original, source.at_ms)
    price = price_of(account, cdr, source, rules, (back, original), user)
    if isinstance(price, Rated):
        now = (rules, source.at_ms)
        wrong = may_not_replace(account, cdr, price, now, original, user)
        back_s = pool_seconds(original.draws)
        funded = fund(account, cdr, price, rules, source.at_ms, user, back_s)
        price = wrong or funded
    if isinstance(price, Suspension):
        return None, price
    if isinstance(price, Rated) and price.charge_micros:
        is_waived_now = what_becomes(account, cdr, user) == "waive"
        return (waived(price) if is_waived_now else price), None
    return price, None


def _is_as(original: Charge, price: Rated | FreeReason | None) -> bool:
    """Say whether a price moves what the charge moved: as much money, and the same of each pool."""
    before = original.charge_micros, pool_seconds(original.draws), is_waived(original.draws)
    if not isinstance(price, Rated):
        return before == (0, {}, False)
    funding = price.funding
    pools = {} if funding is None else {pool.name: pool.seconds for pool in funding.pools}
    is_waived_now = funding is not None and funding.is_waived and price.charge_micros > 0
    return before == (price.charge_micros, pools, is_waived_now)


def _replace(  # noqa: PLR0913, PLR0917
    account: Account,
    order: RerateCall,
    call: Call,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None,
) -> None:
    """Take the charge back, and post the other one."""
    original, cdr, user = call
    before = account.balance
    back = balance_back(account, original, source.at_ms)
    price = price_of(account, cdr, source, rules, (back, original), user)
    taken_back = _taken_back(account, order, call, source)
    apply(account, taken_back)
    count_back(account, taken_back, original, rules, users)
    journal.entries.append(taken_back)
    posting = _posting(account, call, price, source, rules)
    generation = original.generation + 1
    entry = replace(posting.entry, generation=generation, job_id=order.job_id)
    posting = posting_of(account, entry)
    apply_charge(account, posting)
    journal.look(account, posting, before, cdr.cdr_id)
    count(account, entry, rules, users, journal)
    if user is not None and original.draws and not entry.draws:
        note_user(user, account, rules, source.at_ms, journal.users)


def _taken_back(account: Account, order: RerateCall, call: Call, source: Source) -> ChargeReversed:
    original, cdr, user = call
    entry = reversal_of(account, original, cdr, source, user)
    return replace(entry, by="rerating", job_id=order.job_id, actor=order.by, why=order.why)


def _posting(
    account: Account,
    call: Call,
    price: Rated | FreeReason | Suspension,
    source: Source,
    rules: Rules,
) -> Posting:
    """Return the posting of the new charge; what the charge had drawn on pools and lots is back by now."""
    original, cdr, user = call
    assert not isinstance(price, Suspension), price
    if not isinstance(price, Rated):
        told = told_of(account, cdr, price, source, rules, user) if rules.settings.hides else cdr
        return free_charge(account, told, source, price, original.entry_id)
    funded = payable(account, cdr, price, (rules, source.at_ms), user)
    assert isinstance(funded, Rated), funded
    told = told_of(account, cdr, funded, source, rules, user) if rules.settings.hides else cdr
    month = owing_month(account, cdr.started_ms, rules)
    return charge_of(account, told, source, funded, original.entry_id, month)
