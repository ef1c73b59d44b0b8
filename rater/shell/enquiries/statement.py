"""Statement: a month of a tenant's ledger read from the topics: once for what was taken back, once for the rest."""

from collections.abc import AsyncGenerator, Collection, Mapping
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
from rater.views.statement.period import Clocks, Period, period_of
from rater.wire.account.state import decode_account
from rater.wire.pricing.numbering import load_numbers
from rater.wire.recharge.state import decode_recharge
from topics.catalog import ACCOUNTS_CHANGELOG, LEDGER, RECHARGES_CHANGELOG, Topic

_BEFORE_MS: Final = 33 * DAY_MS
"""In so long there is an entry of every account: the one that carries it forward (A53)."""


async def read_statement(enquiry: Enquiry, tenant: str, month: str) -> Figures:
    """Return the figures of a month, given as 2026-12; EnquiryError where there is no account, or nothing of it."""
    clocks = await _clocks(enquiry, (tenant,))
    if not clocks:
        raise UnknownTenantError(tenant, enquiry.broker)
    found = await _figures(enquiry, {tenant: period_of(month, clocks[tenant])})
    if tenant not in found:
        raise EnquiryError(f"the ledger of {tenant} has no entry of {month} or before")
    return found[tenant]


async def read_statements(enquiry: Enquiry, months: Mapping[str, str]) -> dict[str, Figures]:
    """Return the figures of a month of each of some tenants, which all lie in one partition; it is read but twice.

    Left out is who has no account, or nothing of the month.
    """
    clocks = await _clocks(enquiry, months)
    periods = {each: period_of(months[each], its) for each, its in clocks.items()}
    return await _figures(enquiry, periods)


async def _clocks(enquiry: Enquiry, tenants: Collection[str]) -> dict[str, Clocks]:
    """Return the clocks of tenants of one partition, where they have an account."""
    async with aclosing(_lines(enquiry, ACCOUNTS_CHANGELOG, tenants, None)) as lines:
        found = {tenant: value async for tenant, value in lines}
    clocks: dict[str, Clocks] = {}
    for tenant, last in found.items():
        if last is not None:
            with of_another_version(tenant):
                account = decode_account(last)
            changes = [] if account.contract is None else account.contract.zone_changes
            clocks[tenant] = Clocks(account.time_zone, changes)
    return clocks


async def _figures(enquiry: Enquiry, periods: Mapping[str, Period]) -> dict[str, Figures]:
    """Return what the ledger says of each tenant's month, where it has anything of it."""
    found: dict[str, Figures] = {}
    if not periods:
        return found
    begins_ms = min(each.from_ms for each in periods.values())
    taken_back = {tenant: TakenBack(period) for tenant, period in periods.items()}
    await _read(enquiry, begins_ms - AHEAD_MS, taken_back)
    for from_ms in (begins_ms - AHEAD_MS, begins_ms - _BEFORE_MS, None):
        foldings = {
            tenant: Folding(tenant, period, taken_back[tenant].entry_ids, load_numbers().country_of)
            for tenant, period in periods.items()
            if tenant not in found
        }
        if foldings:
            await _read(enquiry, from_ms, foldings)
        for tenant, folding in foldings.items():
            figures = folding.end()
            if figures.opening_micros is not None:
                found[tenant] = figures
    return found


async def _read(
    enquiry: Enquiry, from_ms: int | None, takers: Mapping[str, TakenBack | Folding]
) -> None:
    """Hand each tenant's entries over, in order, until no more are wanted."""
    wanting = dict(takers)
    async with aclosing(_lines(enquiry, LEDGER, takers, from_ms)) as lines:
        async for tenant, value in lines:
            taker = wanting.get(tenant)
            if taker is None or value is None or taker.take(orjson.loads(value)):
                continue
            del wanting[tenant]
            if not wanting:
                return


async def _lines(
    enquiry: Enquiry, topic: Topic, tenants: Collection[str], from_ms: int | None
) -> AsyncGenerator[tuple[str, bytes | None], None]:
    """Yield the records under tenants' own keys; all lie in one partition."""
    keys = {each.encode(): each for each in tenants}
    first, *more = tenants
    records = (enquiry.records_beside if more else enquiry.records)(topic, first, from_ms)
    async with aclosing(records) as lines:
        async for line in lines:
            tenant = keys.get(line.key or b"")
            if tenant is not None:
                yield tenant, line.value


async def language_of(enquiry: Enquiry, tenant: str) -> str:
    """Return the language in which a tenant's people are written to; English, where nobody has said."""
    value = await enquiry.latest(RECHARGES_CHANGELOG, tenant)
    if value is None:
        return Recharge("", "").language
    with of_another_version(tenant):
        return decode_recharge(value).language
