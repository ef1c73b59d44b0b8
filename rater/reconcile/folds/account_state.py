"""Account state: what the accounts' changelog says, decoded apart from the rater.

Layout 9: version byte, flag byte (bit 0: a status is owed), next due time (of lots, or of a month) and the offsets
applied as little-endian signed 64-bit integers, then the account as a msgpack array.
"""

import struct

import msgspec

LAYOUT = 9
NEVER_MS = 2**62
_HEAD = struct.Struct("<BBqqqqq")


class StoredLot(msgspec.Struct, array_like=True, gc=False):
    """What is left of one purchase, in micros."""

    lot_id: str
    purchased_ms: int
    expires_ms: int
    remaining: int
    due_ms: int = -1
    category: str | None = None


class StoredThreshold(msgspec.Struct, array_like=True, gc=False):
    """A threshold, and whether it would fire."""

    threshold_id: str
    amount: int
    armed: bool
    label: str | None = None


class StoredHighRate(msgspec.Struct, array_like=True, gc=False):
    """The watch over new high-rate destinations."""

    rate: int
    most: int
    known: list[str]
    fresh_ms: list[int]


class StoredSpending(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What the account has spent lately, and the limits of it."""

    burn: int = 0
    burn_from: int = -1
    burn_to: int = 0
    per_hour: int = -1
    hour: int = 0
    spent: int = 0
    spent_before: int = 0
    cost_limit: int = 0
    high_rate: StoredHighRate | None = None
    held: int = 0
    tripped: int = 0


class StoredPast(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """When the account was closed, and before when which decks were its own."""

    settled_ms: int
    closures: list[tuple[int, int]]
    decks: list[tuple[int, list[str]]]


class StoredEntitlement(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """Licences of a plan in a country from an instant on."""

    plan_id: str
    usage_country: str
    from_ms: int
    licences: int
    seq: int


class StoredBillingMode(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """Whether the account pays later from an instant on."""

    from_ms: int
    pays_later: bool
    seq: int
    limit: int = 0


class StoredBilling(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """How the account pays now, as the ledger has said it last."""

    pays_later: bool = False
    limit: int = 0
    is_reached: bool = False
    look_ms: int = NEVER_MS
    said_ms: int = 0


class StoredContract(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What the account is entitled to."""

    entitlements: list[StoredEntitlement]
    billing_modes: list[StoredBillingMode]
    used_s: dict[str, int]
    """By pool."""
    unlicensed_calls: str
    billing: StoredBilling | None
    owed: dict[str, int]
    """Micros, by month."""
    told_s: dict[str, tuple[int, int]]
    """How large a pool was when it was told that 80 % were used, and 100 %; 0: never."""
    zone_changes: list[tuple[int, str, str]]
    """From when on another time zone holds, the month that begins then, and which."""


NO_CONTRACT = StoredContract([], [], {}, "charge", None, {}, {}, [])


class AccountState(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """An account as the charging agent keeps it."""

    tenant_id: str
    currency: str
    time_zone: str
    decks: list[str]
    seq: int
    balance: int
    debt: int
    lots: list[StoredLot]
    expired: list[StoredLot]
    thresholds: list[StoredThreshold]
    closed_ms: int
    forfeited_to_ms: int
    status_ms: int
    status_class: int
    dirty: bool
    cdr_offset: int
    command_offset: int
    request_offset: int
    timer_offset: int
    calm_from: int
    calm_to: int
    due_ms: int
    hour_thresholds: list[StoredThreshold] = []
    recharge_seq: int = 0
    spending: StoredSpending = StoredSpending()
    past: StoredPast | None = None
    carry_ms: int = NEVER_MS
    contract: StoredContract | None = None


class Head(msgspec.Struct, frozen=True, gc=False):
    """What the table reads of an account without the rest; it must agree with it."""

    dirty: bool
    due_ms: int
    offsets: tuple[int, ...]
    """Applied of CDRs, commands, requests and timers."""


_decode = msgspec.msgpack.Decoder(AccountState).decode


def read_account(value: bytes) -> tuple[Head, AccountState]:
    """Read a changelog value; ValueError or msgspec.MsgspecError where it is not one of this layout."""
    if len(value) < _HEAD.size or value[0] != LAYOUT:
        message = f"layout {value[:1].hex() or 'none'}, known is {LAYOUT}"
        raise ValueError(message)
    _, flags, due_ms, *offsets = _HEAD.unpack_from(value)
    head = Head(bool(flags), due_ms, tuple(offsets))
    return head, _decode(memoryview(value)[_HEAD.size :])
