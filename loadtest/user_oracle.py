"""The oracle of users: what is kept and told of each, compared with what the plan implies.

What their calls cost is in the ledger, and compared there (`loadtest.oracle`); here it is what counts for their limits.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from loadtest.expected import Expected, UserCounts
from loadtest.topic_log import read
from topics.catalog import USER_STATUS, USERS_CHANGELOG

_LIMIT = "user_spend_limit"

Records = Mapping[tuple[str, str], Mapping[str, Any]]
"""By tenant and user."""


def latest(values: Iterable[bytes | None]) -> Records:
    """Return the last record of each user; of a compacted topic that is what holds."""
    found = {}
    for value in values:
        if value is not None:
            record = orjson.loads(value)
            found[record["tenant_id"], record["user_id"]] = record
    return found


async def problems(bootstrap: str, expected: Expected) -> list[str]:
    """Read what a broker holds of users; name what is not as it must be."""
    rows = latest([each.value async for each in read(bootstrap, USERS_CHANGELOG.name)])
    statuses = latest([each.value async for each in read(bootstrap, USER_STATUS.name)])
    return compare(rows, statuses, expected)


def compare(rows: Records, statuses: Records, expected: Expected) -> list[str]:
    """Name every user of whom other sums are kept, or another state is told, than the plan implies."""
    found = [
        f"{tenant_id}/{user_id}: a user whom nobody has set"
        for tenant_id, user_id in sorted((rows.keys() | statuses.keys()) - expected.users.keys())
    ]
    for who, counts in sorted(expected.users.items()):
        name, row, status = "/".join(who), rows.get(who), statuses.get(who)
        if row is None or status is None:
            found.append(f"{name}: row {row}, status {status}")
        else:
            found += [f"{name}: {what}" for what in _of_user(row, status, counts)]
    return found


def _of_user(row: Mapping[str, Any], status: Mapping[str, Any], counts: UserCounts) -> list[str]:
    spent = {each["month"]: each["spent_micros"] for each in row.get("spent", ())}
    used_s = {each["pool"]: each["used_s"] for each in row.get("pools", ())}
    blocked = any(each["reason"] == _LIMIT for each in status.get("blocked", ()))
    return [
        f"{what}: found {is_}, expected {must}"
        for what, is_, must in (
            ("spent", spent, dict(counts.spent_micros)),
            ("used_s", used_s, dict(counts.used_s)),
            ("blocked by its limit", blocked, counts.is_blocked(status["month"])),
        )
        if is_ != must
    ]
