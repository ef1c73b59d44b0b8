"""The oracle of users: it sees every kind of difference."""

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from loadtest import user_oracle
from loadtest.expected import Expected, UserCounts

MONTH = "2024-01"
POOL = "2024-01/DESK/own/user=ann"
ROW = {
    "tenant_id": "acme",
    "user_id": "ann",
    "spent": {MONTH: 500},
    "used_s": {POOL: 60},
}
STATUS = {
    "tenant_id": "acme",
    "user_id": "ann",
    "month": MONTH,
    "outbound_calls": "any",
    "conference_dial_out": "any",
    "blocked": [
        {"call_type": each, "reason": "user_spend_limit"}
        for each in ("conference_dial_out", "in_bundle", "international", "overage")
    ],
}


def found(
    row: dict[str, Any] | None = ROW,
    status: dict[str, Any] | None = STATUS,
    limit_micros: int = 500,
) -> list[str]:
    counts = UserCounts(limit_micros, Counter({MONTH: 500}), Counter({POOL: 60}))
    rows = user_oracle.kept([None if row is None else stored(row)])
    statuses = user_oracle.latest([None if status is None else json.dumps(status).encode()])
    return user_oracle.compare(rows, statuses, Expected(users={("acme", "ann"): counts}))


def stored(row: dict[str, Any]) -> bytes:
    said = [row["tenant_id"], row["user_id"], [], row["spent"], row["used_s"], 0, -1, 0, {}]
    return b"\x04\x01" + msgspec.msgpack.encode(said)


def test_a_user_who_is_as_predicted_is_no_problem() -> None:
    assert found() == []


def test_the_last_record_of_a_user_is_what_holds() -> None:
    values = [json.dumps(each).encode() for each in (STATUS | {"blocked": []}, STATUS)]
    rows = [stored(each) for each in (ROW | {"spent": {}}, ROW)]

    assert user_oracle.latest([*values, None]) == {("acme", "ann"): STATUS}
    counted = {name: ROW[name] for name in ("spent", "used_s")}
    assert user_oracle.kept([*rows, None]) == {("acme", "ann"): counted}


def test_a_row_of_another_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="layout 3, known is 4"):
        user_oracle.kept([b"\x03"])


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (ROW | {"spent": {}}, "acme/ann: spent: found {}, expected {'2024-01': 500}"),
        (ROW | {"used_s": {}}, f"acme/ann: used_s: found {{}}, expected {{'{POOL}': 60}}"),
        (None, "acme/ann: row None, status "),
    ],
)
def test_what_is_kept_otherwise_is_seen(row: dict[str, Any] | None, complaint: str) -> None:
    (problem,) = found(row=row)

    assert problem.startswith(complaint)


def test_a_limit_that_blocks_too_early_or_not_at_all_is_seen() -> None:
    (early,) = found(limit_micros=501)
    (late,) = found(status=STATUS | {"blocked": []})

    assert early.startswith("acme/ann: blocked: found {'conference_dial_out': 'user_spend_limit', ")
    assert early.endswith("expected {}")
    assert late.startswith("acme/ann: blocked: found {}, expected {'in_bundle': 'user_spend_limit'")
    assert found(status=None) != []


def test_a_call_that_is_blocked_for_another_reason_is_seen() -> None:
    blocked = [*STATUS["blocked"][:3], {"call_type": "overage", "reason": "no_user_capability"}]

    (problem,) = found(status=STATUS | {"blocked": blocked})

    assert problem.startswith("acme/ann: blocked: found ")


@pytest.mark.parametrize("field", ["outbound_calls", "conference_dial_out"])
def test_a_restriction_that_was_not_set_is_seen(field: str) -> None:
    assert found(status=STATUS | {field: "none"}) == [
        f"acme/ann: {field}: found none, expected any"
    ]


def test_what_is_blocked_is_restricted_or_unlicensed_or_beyond_the_limit_in_this_order() -> None:
    user = UserCounts(500, Counter({MONTH: 500}), may_spend=False, outbound="domestic")

    assert user.blocked(MONTH) == {
        "in_bundle": "user_spend_limit",
        "conference_dial_out": "no_user_capability",
        "international": "restricted",
        "overage": "no_user_capability",
    }
    user.outbound, user.conferences = "none", "none"
    assert set(user.blocked("2024-02").values()) == {"restricted"}


def test_a_user_whom_nobody_has_set_is_seen() -> None:
    row = {("acme", "bob"): ROW}

    assert user_oracle.compare(row, {}, Expected()) == ["acme/bob: a user whom nobody has set"]
