"""Rejections: why an account command is refused. A refusal is a value, and ends as a ledger entry."""

from enum import StrEnum

import msgspec

from topics.records.ledger import Waits


class Rejected(StrEnum):
    """Why a command is refused, in order of precedence."""

    MISROUTED = "misrouted"
    WRONG_TOPIC = "wrong_topic"
    UNKNOWN_TENANT = "unknown_tenant"
    ACCOUNT_EXISTS = "account_exists"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPEN = "account_open"
    COMMAND_ID_REUSED = "command_id_reused"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    NO_CREDITS = "no_credits"
    CREDITS_OPEN = "credits_open"
    CURRENCY_MISMATCH = "currency_mismatch"
    LOT_EXISTS = "lot_exists"
    RESERVED_LOT = "reserved_lot"
    ADJUSTMENT_REPEATED = "adjustment_repeated"
    REVERSAL_REPEATED = "reversal_repeated"
    NOT_REFUNDABLE = "not_refundable"
    PURCHASE_EXPIRED = "purchase_expired"
    TOO_MANY_LOT_IDS = "too_many_lot_ids"
    RECHARGE_REPEATED = "recharge_repeated"
    TOO_MANY_LOTS = "too_many_lots"
    TOO_MANY_CHANGES = "too_many_changes"
    DUPLICATE_THRESHOLD = "duplicate_threshold"
    RESERVED_THRESHOLD = "reserved_threshold"
    INVALID_SETTING = "invalid_setting"
    CARD_NUMBER = "card_number"
    ZERO_AMOUNT = "zero_amount"
    AMOUNT_TOO_LARGE = "amount_too_large"
    NOT_DUE = "not_due"
    NOT_WAITING = "not_waiting"
    STILL_WAITS = "still_waits"
    NOT_STANDING = "not_standing"
    NOT_PRICED = "not_priced"


class Refusal(msgspec.Struct, frozen=True):
    """A reason, and a sentence that names the field and the value."""

    reason: Rejected
    detail: str
    settings_version: int | None = None
    """Of the charging settings, where they decided it."""
    waits: Waits | None = None
    """The call that waits on, where it is asked for one."""
