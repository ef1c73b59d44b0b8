"""Freecall: a call that could not be priced for days is given for free (scenario 50).

Rule 1: a call waits since its record's time. Once it has waited as many days as the settings in force ask, it is free;
        0 days: it waits for ever. Decided by the settings of the time at which it is freed.
Rule 2: a later version that waits while a charge of an earlier one stands is never freed: the call has its price.
"""

from msgspec.structs import replace

from rater.core.account.account import Account
from rater.core.account.charges import free_charge
from rater.core.account.journal import Journal
from rater.core.account.posting import posting_of
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.limits import DAY_MS, NEVER_MS
from rater.core.pricing.masking import hidden_cdr
from rater.core.rejections import Refusal, Rejected
from topics.records import FreeCall, OpenSuspense, Waited

Waiting = tuple[OpenSuspense, Cdr]
"""What waits under an id, and the CDR that it is."""


def freed_ms(settings: ChargingSettings, came_ms: int) -> int:
    """Return when a call that came at an instant is free by these settings; NEVER_MS: never."""
    days = settings.freecall_after_days
    return came_ms + days * DAY_MS if days else NEVER_MS


def next_freed_ms(book: SettingsBook, came_ms: int, from_ms: int) -> int:
    """Return the first instant from another on at which such a call is free, whatever version is in force then."""
    at_ms = from_ms
    while at_ms < NEVER_MS:
        freed, changes = max(at_ms, freed_ms(book.at(at_ms), came_ms)), book.next_change_ms(at_ms)
        if freed < changes:
            return freed
        at_ms = changes
    return NEVER_MS


def give(  # noqa: PLR0913, PLR0917
    account: Account,
    order: FreeCall,
    waits: Waiting | None,
    source: Source,
    settings: ChargingSettings,
    journal: Journal,
) -> Refusal | None:
    """Give a call for free, or say why not; `waits` is None where nothing does."""
    named = f"cdr_id: {order.cdr_id}, version {order.version}"
    if waits is None or waits[0].version != order.version:
        return Refusal(Rejected.NOT_DUE, f"{named}, does not wait for a price")
    row, cdr = waits
    if (refusal := _refuse(named, row, settings, source.at_ms)) is not None:
        return refusal
    suspense_id = f"{row.source_topic}/{row.source_partition}/{row.source_offset}"
    free = free_charge(account, hidden_cdr(cdr, settings.number_masks), source, "freecall")
    entry = replace(
        free.entry,
        waited=Waited(suspense_id, row.at_ms, row.reason),
        settings_version=settings.version,
    )
    journal.post_charge(account, posting_of(account, entry), cdr.cdr_id)
    return None


def give_up(
    account: Account, void: Cdr, source: Source, settings: ChargingSettings, journal: Journal
) -> None:
    """Take a void of a call that waits: nothing was charged, and nothing will be."""
    free = free_charge(account, hidden_cdr(void, settings.number_masks), source, "voided")
    journal.post_charge(account, free, void.cdr_id)


def _refuse(
    named: str, row: OpenSuspense, settings: ChargingSettings, at_ms: int
) -> Refusal | None:
    """Say why a call that waits is not free yet, or never will be."""
    if row.never_free:
        detail = f"{named}, waits for {row.reason}, not for a price"
        return Refusal(Rejected.NOT_DUE, detail)
    if row.charged:
        detail = f"{named}, is charged by an earlier version and waits for its own price"
        return Refusal(Rejected.NOT_DUE, detail)
    if freed_ms(settings, row.at_ms) <= at_ms:
        return None
    days = settings.freecall_after_days
    detail = f"{named}, waits since {row.at_ms}; freecall_after_days is {days}, 0: it is not freed"
    return Refusal(Rejected.NOT_DUE, detail, settings.version)
