"""Releasing: a call that waited in suspense is looked at again, and charged, or waits on; or it is given up.

Rule 1: it is charged as it would have been: by the decks in force at its answer, the plans and licences of its start.
        Settings are those of the release's own time, which is also the entry's.
Rule 2: its money is late, and no sign of fraud (R25): it counts for the user's month, and neither for what is spent an
        hour, nor for new destinations, nor for the runway. No limit of spending is looked at.
Rule 3: what still has no price, or no account that may pay it, waits on, for what it waits for now.
        What only an operator's word has charged waits for such a word again.
Rule 4: a release names the record that waits. Where another version has come in its place, or nothing waits any more,
        it does nothing, and says so.
"""

from typing import cast

from msgspec.structs import replace

from rater.core.account.account import Account
from rater.core.account.applying import apply_charge
from rater.core.account.charges import charge_of, free_charge
from rater.core.account.counting import count, user_of
from rater.core.account.freecall import Waiting
from rater.core.account.journal import Journal
from rater.core.account.mending import is_by_word
from rater.core.account.post_paid import owing_month
from rater.core.account.posting import Posting, posting_of
from rater.core.account.priced import price_of, told_of
from rater.core.account.unlicensed import payable
from rater.core.account.user import Users
from rater.core.cdr import Cdr, Source
from rater.core.pricing.masking import Masks, hide_in_detail
from rater.core.pricing.rated import Rated
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from rater.core.suspension import Suspended, Suspension
from topics.records import SuspenseReason, Waited
from topics.records.charge import FreeReason
from topics.records.ledger import Waits
from topics.records.open_suspense import OpenSuspense
from topics.records.recycling import CallDropped, DropCall, ReleaseCall

Order = ReleaseCall | DropCall


def suspense_id_of(row: OpenSuspense) -> str:
    """Return the id of the suspense record of what waits."""
    return f"{row.source_topic}/{row.source_partition}/{row.source_offset}"


def not_waiting(order: Order, row: OpenSuspense | None) -> Refusal | None:
    """Refuse what names a record that does not wait."""
    if row is not None and (suspense_id_of(row), row.version) == (order.suspense_id, order.version):
        return None
    named = f"cdr_id: {order.cdr_id}, version {order.version}, {order.suspense_id}"
    there = "" if row is None else f"; version {row.version}, {suspense_id_of(row)}, does"
    return Refusal(Rejected.NOT_WAITING, f"{named}, does not wait{there}")


def release(  # noqa: PLR0913, PLR0917
    account: Account,
    order: ReleaseCall,
    waits: Waiting,
    source: Source,
    rules: Rules,
    journal: Journal,
    users: Users | None,
) -> Suspension | None:
    """Charge a call that waits, or say what it waits for now; the order names it."""
    row, cdr = waits
    price = _price(account, waits, source, rules, users)
    if isinstance(price, Suspension):
        return _asking(row, price)
    user = user_of(account, cdr.consumer(), users)
    told = told_of(account, cdr, price, source, rules, user) if rules.settings.hides else cdr
    if isinstance(price, Rated):
        month = None
        if account.contract is not None:
            month = owing_month(account, cdr.started_ms, rules)
        posting = charge_of(account, told, source, price, None, month)
    else:
        posting = free_charge(account, told, source, price)
    posting = _late(account, posting, order, row)
    before = account.balance
    apply_charge(account, posting)
    journal.look(account, posting, before, cdr.cdr_id)
    if user is not None:
        count(account, posting.entry, rules, users, journal)
    return None


def still_waits(order: ReleaseCall, why: Suspension, masks: Masks = ()) -> Refusal:
    """Say that a call waits on, and for what; of numbers only what the settings leave."""
    reason = cast("SuspenseReason", str(why.reason))
    waits = Waits(order.cdr_id, order.version, order.suspense_id, reason)
    detail = f"{reason}: {hide_in_detail(why.detail, masks)}"[:1_000]
    return Refusal(Rejected.STILL_WAITS, detail, why.settings_version, waits)


def dropped(order: DropCall, row: OpenSuspense, source: Source, seq: int) -> CallDropped:
    """Return the entry of a call that is given up; `seq` is that of the account, 0 where there is none."""
    return CallDropped(
        f"{source.topic}/{source.partition}/{source.offset}",
        order.tenant_id,
        seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        order.command_id,
        order.cdr_id,
        order.version,
        _waited(order, row),
        order.job_id,
    )


def _price(
    account: Account, waits: Waiting, source: Source, rules: Rules, users: Users | None
) -> Rated | FreeReason | Suspension:
    """Price a call that waits, with who pays it."""
    row, cdr = waits
    if (why := _may_not(row, cdr, rules, source.at_ms)) is not None:
        return why
    user = user_of(account, cdr.consumer(), users)
    price = price_of(account, cdr, source, rules, (0, None), user)
    if isinstance(price, Rated) and account.contract is not None:
        return payable(account, cdr, price, (rules, source.at_ms), user)
    return price


def _asking(row: OpenSuspense, why: Suspension) -> Suspension:
    """Return what a call waits for now: where a word had to be given, another one, for all may have changed by then."""
    if not is_by_word(row.reason):
        return why
    return Suspension(row.reason, f"{why.reason}: {why.detail}", why.settings_version)


def _may_not(row: OpenSuspense, cdr: Cdr, rules: Rules, at_ms: int) -> Suspension | None:
    """Say why a later version is not charged for itself."""
    if cdr.version == 1 and cdr.kind == "final":
        return None
    named = f"kind: {cdr.kind}, version: {cdr.version}"
    if not rules.settings.at(at_ms).corrections:
        detail = f"{named}; corrections and voids are not taken yet"
    elif row.charged or row.voided:
        stands = "charged" if row.charged else "voided"
        detail = f"{named}; an earlier version is {stands}, and only a version that comes after it replaces that"
    elif cdr.kind == "void":
        detail = f"{named}; there is nothing to take back"
    else:
        return None
    return Suspension(Suspended.CORRECTION_UNSUPPORTED, detail)


def _late(account: Account, posting: Posting, order: ReleaseCall, row: OpenSuspense) -> Posting:
    entry = replace(posting.entry, waited=_waited(order, row), job_id=order.job_id)
    return posting_of(account, entry)


def _waited(order: Order, row: OpenSuspense) -> Waited:
    return Waited(suspense_id_of(row), row.at_ms, row.reason, order.by, order.why)
