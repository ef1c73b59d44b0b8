"""The state of one tenant's recharge: settings, what was last heard, the attempt at work, and what went before.

It is a working copy of one batch, as an account is. Amounts in micros of the account's currency, times in ms.
"""

from typing import Final

import msgspec

from rater.core.limits import DAY_MS, HOUR_MS, MINUTE_MS, NEVER_MS
from rater.core.recharge.machine import State
from topics.records import PaymentMethod
from topics.records.payments import CancelReason, ReversalKind

ANSWER_MS: Final = 15 * MINUTE_MS
"""Without a result for so long, the same command is sent again; likewise the credit of a captured payment.

It is also how long a command may be charged: what is sent again only asks what became of it.
"""
SILENCES_MAX: Final = 4
"""So often the wait for an answer is doubled."""
RETRY_AFTER_MS: Final = (0, HOUR_MS, 3 * HOUR_MS, 7 * HOUR_MS)
"""The attempts with one method that is declined for now, counted from the first."""
JITTER_MS: Final = 5 * MINUTE_MS
"""A retry is late by up to this, by its command: a thousand tenants must not try at one moment."""
COUNT_CAP: Final = 5
COUNT_WINDOW_MS: Final = DAY_MS
MONEY_CAP_TIMES: Final = 20
MONEY_WINDOW_MS: Final = 30 * DAY_MS
KEPT_MS: Final = 400 * DAY_MS
"""How long a recharge is remembered after its start: as long as its command is kept on the topic."""
TAKEN_BACK_MAX: Final = 8
"""Payments of one recharge of which reversals are remembered: it has one, but for faults."""
STARTED_MAX: Final = 4_000
"""Recharges remembered of one tenant; the oldest that is out of all windows goes first."""


class AutoRecharge(msgspec.Struct, frozen=True, array_like=True):
    """When and by how much to recharge, as an administrator set it."""

    enabled: bool = False
    trigger_micros: int | None = None
    trigger_h: int | None = None
    mode: str = "fixed"
    amount_micros: int | None = None
    target_micros: int | None = None
    count_cap: int | None = None
    money_cap_micros: int | None = None


class Method(msgspec.Struct, array_like=True):
    """A payment method as it was set, and whether it has been refused for good."""

    given: PaymentMethod
    is_out: bool = False


class Attempt(msgspec.Struct, array_like=True):
    """The attempt at work: its command's own words, so that it is the same when sent again."""

    number: int
    method: str
    customer: str | None
    label: str | None
    requested_ms: int
    answer_by_ms: int
    method_since_ms: int
    """When this method was first tried; its retries count from here."""
    soft_declines: int = 0
    due_ms: int = NEVER_MS
    """When the same is sent again, or the next attempt is made."""
    silences: int = 0
    """Times that the same was sent again; each wait is twice the one before, up to four hours."""
    cancelled_for: CancelReason | None = None
    """Why it was taken back; None: it was not."""


class TakenBack(msgspec.Struct, array_like=True):
    """What the provider says was taken back of one payment, and what of it the account has been asked for."""

    attempt: int
    reversal_id: str
    reversal: ReversalKind
    """The refund or dispute that changed it last."""
    reversed_micros: int = 0
    restored_micros: int = 0
    """All that was ever taken back, and all that came back of it."""
    posted_micros: int = 0
    """What the account has been asked to take back, less what it was asked to give back."""
    asked: int = 0
    """How often the account has been asked."""


class Started(msgspec.Struct, array_like=True):
    """A recharge that was begun; `captures` are the payments that succeeded, by attempt."""

    recharge_id: str
    started_ms: int
    amount_micros: int
    attempts: int = 0
    captures: dict[int, str] = {}
    told: bool = False
    """Its first decline has been told."""
    taken_back: dict[str, TakenBack] = {}
    """By payment, TAKEN_BACK_MAX at most; also of one whose capture has not been heard of yet."""
    refused: tuple[int, ...] = ()
    """The attempts whose credit the account refused: there is nothing to take back."""


class Awaited(msgspec.Struct, frozen=True, array_like=True):
    """A captured payment whose credit has not come back yet."""

    lot_id: str
    payment_command_id: str
    amount_micros: int
    captured_ms: int
    recharge_seq: int
    label: str | None


class Recharge(msgspec.Struct, array_like=True):
    """All that is known of one tenant's recharge."""

    tenant_id: str
    currency: str
    state: State = State.IDLE
    now_ms: int = 0
    """The latest time of anything heard."""
    balance: int = 0
    hours_remaining: int | None = None
    settings: AutoRecharge = AutoRecharge()
    methods: list[Method] = []
    emails: tuple[str, ...] = ()
    language: str = "en"
    webhook: str | None = None
    is_held: bool = False
    is_closed: bool = False
    is_reversed: bool = False
    """Money of a payment was taken back; no payment is asked for until an administrator resumes."""
    generation: int = 0
    """Recharges begun so far."""
    attempt: Attempt | None = None
    started: list[Started] = []
    """Those that may still have a result, or count for a cap; the last is the present one."""
    awaited: list[Awaited] = []
    recharge_seq: int = 0
    """Credits asked for so far."""
    transitions_told: int = 0
    """Notices of its own transitions so far: two in one millisecond are two."""
    wait_ms: int = NEVER_MS
    """When a cap lets go, or a credit is asked for again."""
    events_offset: int = -1
    results_offset: int = -1
    commands_offset: int = -1
    timers_offset: int = -1
    """The offsets applied per source topic (D3)."""
    statements: bool = False
    """Its people are told of each month that is over."""


def due_ms(recharge: Recharge) -> int:
    """Return when the recharge must be looked at though nothing is heard; NEVER_MS where it need not."""
    if recharge.attempt is not None:
        return min(recharge.attempt.due_ms, recharge.wait_ms)
    return recharge.wait_ms


def find_started(recharge: Recharge, command_id: str) -> tuple[Started, int] | None:
    """Return the recharge and the attempt that a payment command is of; None where there was no such command."""
    recharge_id, _, number = command_id.rpartition("/")
    attempt = int(number) if number.isascii() and number.isdigit() and len(number) <= 4 else 0
    if number != str(attempt):
        return None
    for started in reversed(recharge.started):
        if started.recharge_id == recharge_id and 1 <= attempt <= started.attempts:
            return started, attempt
    return None
