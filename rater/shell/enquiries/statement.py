"""Statement: a month of a tenant's ledger read from the topics: once for what was taken back, once for the rest."""

from contextlib import aclosing
from typing import Final

import orjson

from rater.core.limits import DAY_MS
from rater.core.recharge.state import Recharge
from rater.shell.enquiries.enquiry import (
    Enquiry,
    EnquiryError,
    UnknownTenantError,
    of_another_version,
)
from rater.views.entries import AHEAD_MS
from rater.views.statement.figures import Figures
from rater.views.statement.folding import Folding, TakenBack
from rater.views.statement.period import Clocks, period_of
from rater.wire.account.state import decode_account
from rater.wire.pricing.numbering import load_numbers
from rater.wire.recharge.state import decode_recharge
from topics.catalog import ACCOUNTS_CHANGELOG, LEDGER, RECHARGES_CHANGELOG

_BEFORE_MS: Final = 33 * DAY_MS
"""In so long there is an entry of every account: the one that carries it forward (A53)."""


async def read_statement(enquiry: Enquiry, tenant: str, month: str) -> Figures:
    """Return the figures of a month, given as 2026-12; EnquiryError where there is no account, or nothing of it."""
    value = await enquiry.latest(ACCOUNTS_CHANGELOG, tenant)
    if value is None:
        raise UnknownTenantError(tenant, enquiry.broker)
    with of_another_version(tenant):
        account = decode_account(value)
    changes = [] if account.contract is None else account.contract.zone_changes
    period = period_of(month, Clocks(account.time_zone, changes))
    taken_back = TakenBack(period)
    await _read(enquiry, tenant, period.from_ms - AHEAD_MS, taken_back)
    for from_ms in (period.from_ms - AHEAD_MS, period.from_ms - _BEFORE_MS, None):
        folding = Folding(tenant, period, taken_back.entry_ids, load_numbers().country_of)
        await _read(enquiry, tenant, from_ms, folding)
        figures = folding.end()
        if figures.opening_micros is not None:
            return figures
    raise EnquiryError(f"the ledger of {tenant} has no entry of {month} or before")


async def _read(
    enquiry: Enquiry, tenant: str, from_ms: int | None, taker: TakenBack | Folding
) -> None:
    """Hand a tenant's entries over, in order, until no more are wanted."""
    async with aclosing(enquiry.records(LEDGER, tenant, from_ms)) as lines:
        async for line in lines:
            if line.value is not None and not taker.take(orjson.loads(line.value)):
                return


async def language_of(enquiry: Enquiry, tenant: str) -> str:
    """Return the language in which a tenant's people are written to; English, where nobody has said."""
    value = await enquiry.latest(RECHARGES_CHANGELOG, tenant)
    if value is None:
        return Recharge("", "").language
    with of_another_version(tenant):
        return decode_recharge(value).language
