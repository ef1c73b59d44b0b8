"""Account then: the entries of a tenant before an offset, back to one that its account may begin with.

That is its first, or one that carried it into a month (A53). The ledger is read backwards in growing stretches of the
partition, and not further than a bound: a charge of a busy partition that was written long after the month began is
explained without its account, unless more is asked for.
"""

from typing import Any, NamedTuple

from rater.core.account.user import User
from rater.core.limits import DAY_MS, SECOND_MS
from rater.shell.admin.log import Log, Record
from rater.shell.enquiries.enquiry import EnquiryError
from rater.views.explanation.evidence import Posted
from rater.wire.account.entries import decode_entry
from rater.wire.account.user_rows import decode_user
from topics.catalog import LEDGER, USERS_CHANGELOG
from topics.keys import user_key
from topics.records import BalanceCarriedForward

BACK_MAX = 100_000
"""Records of the partition that are read back by default."""
_FIRST_STRETCH = 4_000
_STRETCH_MAX = 64_000
_OPENED = b'{"kind":"account_opened"'
_CARRIED = b'{"kind":"balance_carried_forward"'
_USERS_S = 10
"""The row of a user is written with the charge; a batch takes less than this."""


class UnreadableEntryError(EnquiryError):
    """A record of the ledger that is no entry."""


class Before(NamedTuple):
    """What was read."""

    posted: list[Posted]
    """From a beginning on; empty where none was reached."""
    others: list[Posted]
    """All of the tenant that were read, where no beginning was reached."""


def posted_of(record: Record) -> Posted:
    """Return a record of the ledger; UnreadableEntryError where it is no entry."""
    entry = decode_entry(record.value)
    if isinstance(entry, str):
        detail = f"{LEDGER.name} offset {record.offset}: no entry: {entry}"
        raise UnreadableEntryError(detail)
    return Posted(record.offset, record.timestamp, entry)


async def entries_before(  # noqa: PLR0913, PLR0917
    log: Log, partition: int, tenant_id: str, offset: int, since_ms: int, back: int
) -> Before:
    """Return the tenant's entries before an offset; they begin with a month that began at an instant or earlier."""
    key = tenant_id.encode()
    found: list[Record] = []
    start, _ = await log.bounds(LEDGER.name, partition)
    end, stretch, least = offset, _FIRST_STRETCH, max(start, offset - back)
    while end > least:
        first = max(least, end - stretch)
        records = await log.between(LEDGER.name, partition, first, end)
        mine = [each for each in records if each.key == key]
        for number in range(len(mine) - 1, -1, -1):
            if _begins(mine[number], since_ms):
                return Before([posted_of(each) for each in (*mine[number:], *found)], [])
        found = mine + found
        end, stretch = first, min(stretch * 2, _STRETCH_MAX)
    return Before([], [posted_of(each) for each in found])


def _begins(record: Record, since_ms: int) -> bool:
    value = record.value or b""
    if value.startswith(_OPENED):
        return True
    if not value.startswith(_CARRIED):
        return False
    entry = decode_entry(value)
    return isinstance(entry, BalanceCarriedForward) and entry.month_ms <= since_ms


def since_of(entry: Any, consumer: str | None) -> int:
    """Return before which instant the month must have begun: what users have used is counted by months, from theirs."""
    call = getattr(entry, "call", None)
    if call is None or consumer is None:
        return int(entry.at_ms)
    began_ms = call.answered_ms if call.started_ms is None else call.started_ms
    return int(began_ms) - DAY_MS


async def user_then(
    log: Log, partition: int, whose: tuple[str, str], written_ms: int
) -> tuple[User, ...]:
    """Return the row of a user that was written with a charge; none where there is none."""
    topic, key = USERS_CHANGELOG.name, user_key(*whose)
    first = await log.from_time(topic, partition, written_ms - SECOND_MS)
    end = await log.from_time(topic, partition, written_ms + _USERS_S * SECOND_MS)
    async for records in log.runs(topic, partition, first, end):
        for each in records:
            if each.key == key and each.value is not None:
                return (decode_user(each.value),)
    return ()
