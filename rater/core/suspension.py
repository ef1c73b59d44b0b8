"""Suspension: why a readable CDR is not charged yet."""

from enum import StrEnum

import msgspec


class Suspended(StrEnum):
    """Why a readable CDR is not charged, in order of precedence; the reasons of rating come in between."""

    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"
    CONFLICT = "conflict"
    MISROUTED = "misrouted"
    UNKNOWN_TENANT = "unknown_tenant"
    CORRECTION_UNSUPPORTED = "correction_unsupported"
    ACCOUNT_CLOSED = "account_closed"
    NO_TENANT_CAPABILITY = "no_tenant_capability"
    NO_USER_CAPABILITY = "no_user_capability"
    AMOUNT_TOO_LARGE = "amount_too_large"
    TOO_MANY_POOLS = "too_many_pools"


class Suspension(msgspec.Struct, frozen=True, gc=False):
    """A CDR that cannot be charged yet: the reason, and a sentence that names field and value."""

    reason: str
    detail: str
    settings_version: int | None = None
    """Of the charging settings, where they decided it."""
