"""The oracle of users: what is kept and told of each, compared with what the plan implies.

What their calls cost is in the ledger, and compared there (`loadtest.oracle`); here it is what counts for their limits.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import orjson

from loadtest.expected import Expected, UserCounts
from loadtest.topic_log import read
from topics.catalog import USER_STATUS, USERS_CHANGELOG

_LAYOUT = 4
_HEAD = 2
_SPENT, _USED_S = 3, 4

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


def kept(values: Iterable[bytes | None]) -> Records:
    """Return likewise what the last row of each user has counted; a row of another layout raises ValueError."""
    found = {}
    for value in values:
        if value is not None:
            if value[0] != _LAYOUT:
                raise ValueError(f"a user's row of layout {value[0]}, known is {_LAYOUT}")
            row = msgspec.msgpack.decode(value[_HEAD:])
            found[row[0], row[1]] = {"spent": row[_SPENT], "used_s": row[_USED_S]}
    return found


async def problems(bootstrap: str, expected: Expected) -> list[str]:
    """Read what a broker holds of users; name what is not as it must be."""
    rows = kept([each.value async for each in read(bootstrap, USERS_CHANGELOG.name)])
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
    blocked = {each["call_type"]: each["reason"] for each in status.get("blocked", ())}
    return [
        f"{what}: found {is_}, expected {must}"
        for what, is_, must in (
            ("spent", row["spent"], dict(counts.spent_micros)),
            ("used_s", row["used_s"], dict(counts.used_s)),
            ("blocked", blocked, counts.blocked(status["month"])),
            ("outbound_calls", status["outbound_calls"], counts.outbound),
            ("conference_dial_out", status["conference_dial_out"], counts.conferences),
        )
        if is_ != must
    ]
