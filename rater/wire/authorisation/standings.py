"""Standings: accounts as the latest statuses say them, of all tenants, each made anew when it is asked for.

What a status says is all that a price and its funding ask of an account: decks, currency, lots by their expiry, debt,
licences, and what is used of pools. It is that of its sequence number, for which alone a verdict holds.

Statuses stay bytes: to read one takes microseconds, and accounts of all tenants, kept, would have the garbage collector
walk over them while a switch waits. Only long ones, of many licences, are kept as they were read, a few.
"""

from typing import Final

import msgspec

from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot
from rater.core.account.user import User
from rater.core.account.zone_change import ZoneChange
from rater.core.authorisation.request import CallRequest, consumer_of
from rater.core.authorisation.standing import Block, Standing
from rater.core.limits import NEVER_MS
from topics.fields import NO_CURRENCY
from topics.keys import user_key
from topics.records import AccountStatus, UserStatus, UserTerms
from topics.records.status import CreditUse

LONG_BYTES: Final = 4_096
LONG_MAX: Final = 256
"""Statuses of LONG_BYTES and more that are kept as they were read."""

_decode_account = msgspec.json.Decoder(AccountStatus).decode
_decode_user = msgspec.json.Decoder(UserStatus).decode


class Known(msgspec.Struct, frozen=True):
    """A tenant's latest status, and the account that it says."""

    status: AccountStatus
    account: Account
    blocked: dict[str, Block]


class Standings:
    """The latest statuses by tenant."""

    def __init__(self) -> None:
        self._statuses: dict[bytes, bytes] = {}
        self._users: dict[bytes, bytes] = {}
        self._long: dict[bytes, Known | None] = {}

    def __len__(self) -> int:
        """Return of how many tenants something is known."""
        return len(self._statuses)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Take a record of `account.status.v1`; one without a value ends a tenant."""
        if key is None:
            return
        if self._long:
            self._long.pop(key, None)
        if value is None:
            self._statuses.pop(key, None)
        else:
            self._statuses[key] = value

    def take_user(self, key: bytes | None, value: bytes | None) -> None:
        """Take a record of `user.status.v1`."""
        if key is not None and value is not None:
            self._users[key] = value
        elif key is not None:
            self._users.pop(key, None)

    def known(self, tenant_id: str) -> Known | None:
        """Return what is known of a tenant; None: nothing, or what cannot be read."""
        key = tenant_id.encode()
        value = self._statuses.get(key)
        if value is None:
            return None
        if len(value) < LONG_BYTES:
            return _read(value)
        if key not in self._long:
            if len(self._long) >= LONG_MAX:
                self._long.clear()
            self._long[key] = _read(value)
        return self._long[key]

    def standing(self, known: Known, request: CallRequest) -> Standing:
        """Return how a tenant stands when a call is asked for, and whose call it is."""
        mode, credit = known.status.mode, known.status.credit
        limit = None if credit is None else credit.limit_micros
        for each in known.status.modes_to_come:
            if each.valid_from_ms <= request.at_ms:
                mode, limit = each.mode, each.credit_limit_micros
        blocked = known.blocked
        if mode != known.status.mode:
            # What the balance blocks, or what is owed, is no matter of the other mode.
            kept = {"account_closed", "spend_limit"}
            blocked = {name: why for name, why in blocked.items() if why[0] in kept}
        user = self._user(request.tenant_id, consumer_of(request))
        left = None if limit is None else max(limit - _owed(credit, request.at_ms), 0)
        return Standing(known.account, blocked, mode == "post_paid", user, left)

    def _user(self, tenant_id: str, user_id: str | None) -> User | None:
        """Return a user as its status says it; None where none is named, known or readable."""
        value = None if user_id is None else self._users.get(user_key(tenant_id, user_id))
        return None if value is None else _read_user(value)


def _read(value: bytes) -> Known | None:
    try:
        status = _decode_account(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    blocked: dict[str, Block] = {
        each.call_type: (each.reason, each.code) for each in status.blocked
    }
    return Known(status, _account(status), blocked)


def _owed(credit: CreditUse | None, at_ms: int) -> int:
    """Return what is owed of the month of an instant; of one that has begun since, what clocks that were ahead made."""
    if credit is None:
        return 0
    return credit.owed_micros if at_ms < credit.month_ends_ms else credit.owed_ahead_micros or 0


def _read_user(value: bytes) -> User | None:
    try:
        said = _decode_user(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    terms = UserTerms(
        said.valid_from_ms,
        said.seq,
        said.usage_country,
        said.outbound_calls,
        said.conference_dial_out,
        said.plan_ids,
        said.credits_licence,
        said.limit_micros,
    )
    used = {each.pool: each.used_s for each in said.pools}
    spent = {said.month: said.spent_micros}
    if said.spent_ahead_micros:
        spent[_after(said.month)] = said.spent_ahead_micros
    return User(said.tenant_id, said.user_id, (terms, *said.later), spent, used)


def _after(month: str) -> str:
    """Return the month after one: 2027-01 after 2026-12."""
    year, number = int(month[:4]), int(month[5:])
    years, before = divmod(year * 12 + number, 12)
    return f"{years:04}-{before + 1:02}"


def _account(status: AccountStatus) -> Account:
    lots = [
        CreditLot(f"funds-{n}", 0, funds.expires_ms, funds.amount_micros, NEVER_MS)
        for n, funds in enumerate(status.funds)
    ]
    changes = status.time_zone_changes
    return Account(
        status.tenant_id,
        status.currency or NO_CURRENCY,
        changes[0].previous_time_zone if changes else status.time_zone,
        status.decks,
        seq=status.seq,
        balance=status.balance_micros or 0,
        debt=status.overdraft_micros or 0,
        lots=lots,
        closed_ms=status.at_ms if status.state == "closed" else NEVER_MS,
        contract=_contract(status),
    )


def _contract(status: AccountStatus) -> Contract | None:
    said = status.entitlements or status.time_zone_changes
    if not said and status.unlicensed_calls is None:
        return None
    held = [
        Entitlement(each.plan_id, each.usage_country, each.valid_from_ms, each.licences, each.seq)
        for each in status.entitlements
    ]
    used = {each.pool: each.used_s for each in status.pools}
    zones = [
        ZoneChange(each.valid_from_ms, each.month, each.time_zone)
        for each in status.time_zone_changes
    ]
    calls = status.unlicensed_calls or "charge"
    return Contract(held, list[BillingMode](), used, calls, zone_changes=zones)
