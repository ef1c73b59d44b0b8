"""Rows of users as the reconciler reads them, to lie about them in tests."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rater.reconcile.folds.user_state import LAYOUT, StoredTerms, StoredUser, read_user


def said_of(value: bytes) -> dict[str, Any]:
    """Return what a row says, by the names of its fields, with `is_owed` of its head."""
    owed, user = read_user(value)
    return {**msgspec.structs.asdict(user), "is_owed": owed}


def row_of(said: Mapping[str, Any]) -> bytes:
    """Return the row that says so; terms may be given by the names of their fields."""
    fields = dict(said)
    head = bytes([LAYOUT, fields.pop("is_owed")])
    fields["terms"] = tuple(
        StoredTerms(**each) if isinstance(each, Mapping) else each for each in fields["terms"]
    )
    return head + msgspec.msgpack.encode(StoredUser(**fields))
