"""Account: all that charging, recharge and the latest status say of one tenant, as an object and as text.

Charging keeps lots, thresholds and what is used of pools; the status, up to a second older, says what is allowed.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from rater.core.account.account import Account, has_credits
from rater.core.account.lots import CreditLot
from rater.core.account.zone_change import time_zone_at
from rater.core.limits import GRACE_MS, NEVER_MS
from rater.core.recharge.state import Recharge
from rater.core.times import to_text
from rater.views.amounts import money
from rater.views.columns import Row, aligned
from rater.views.recharge import recharge_fields, recharge_lines
from rater.wire.account.state import decode_account
from rater.wire.pricing.amounts import format_micros
from rater.wire.recharge.state import decode_recharge
from topics.records import AccountStatus

_decode_status = msgspec.json.Decoder(AccountStatus).decode


@dataclass(frozen=True, slots=True)
class AccountView:
    """What is known of an account at a time."""

    account: Account
    status: AccountStatus | None
    recharge: Recharge | None
    now_ms: int

    @property
    def time_zone(self) -> str:
        """Return the time zone by which its months begin now."""
        contract, zone = self.account.contract, self.account.time_zone
        return zone if contract is None else time_zone_at(zone, contract.zone_changes, self.now_ms)

    @property
    def state(self) -> str:
        """Return it as statuses say it."""
        if self.account.closed_ms < NEVER_MS:
            return "closed"
        return "open" if has_credits(self.account) else "not_configured"

    @property
    def owed(self) -> dict[str, int]:
        """Return what is owed, by month."""
        contract = self.account.contract
        return {} if contract is None else {k: v for k, v in contract.owed.items() if v}

    def fields(self) -> dict[str, Any]:
        """Return it for programs, under the names of the published records."""
        account, recharge = self.account, self.recharge
        return {
            "tenant_id": account.tenant_id,
            "state": self.state,
            "currency": account.currency,
            "seq": account.seq,
            "balance_micros": account.balance,
            "overdraft_micros": account.debt,
            "time_zone": self.time_zone,
            "decks": account.decks,
            "closed_ms": None if account.closed_ms >= NEVER_MS else account.closed_ms,
            "lots": [_lot(lot) for lot in account.lots],
            "lots_in_grace": [
                _lot(lot) | {"grace_until_ms": lot.expires_ms + GRACE_MS} for lot in account.expired
            ],
            "thresholds": [
                {"threshold_id": each.threshold_id, name: each.amount, "armed": each.armed, "label": each.label}
                for name, group in self._thresholds() for each in group
            ],
            "owed": [{"month": month, "owed_micros": owed} for month, owed in self.owed.items()],
            "status": self.status,
            "recharge": None if recharge is None else recharge_fields(recharge),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        return [*self._head(), *self._lots(), *self._rest()]

    def _thresholds(self) -> tuple[tuple[str, Any], ...]:
        return (
            ("amount_micros", self.account.thresholds),
            ("hours", self.account.hour_thresholds),
        )

    def _head(self) -> list[str]:
        account, status = self.account, self.status
        what = [self.state, "" if status is None else status.mode, account.currency]
        lines = [
            f"account     {account.tenant_id}: {', '.join(each for each in what if each)}, {self.time_zone}",
            f"balance     {money(account.balance, account.currency)} after entry {account.seq}{self._runway()}",
        ]
        if account.debt:
            lines.append(f"overdraft   {money(account.debt, account.currency)}")
        if account.closed_ms < NEVER_MS:
            lines.append(f"closed      {to_text(account.closed_ms)}")
        lines += [
            f"owed        {money(micros, account.currency)} of {month}"
            for month, micros in self.owed.items()
        ]
        lines.append(f"decks       {', '.join(account.decks) or '-'}")
        return lines

    def _runway(self) -> str:
        hours = None if self.status is None else self.status.hours_remaining
        return "" if hours is None else f", lasts some {hours} hours"

    def _lots(self) -> list[str]:
        account = self.account
        rows: list[Row] = [("lot", "left", "bought", "expires", "")]
        rows += [_lot_row(lot, "") for lot in account.lots]
        rows += [
            _lot_row(lot, f"expired, late calls until {to_text(lot.expires_ms + GRACE_MS)}")
            for lot in account.expired
        ]
        return aligned(rows) if len(rows) > 1 else ["lots        none"]

    def _rest(self) -> list[str]:
        account = self.account
        lines = [
            f"threshold   {each.label or each.threshold_id}: {_amount(name, each.amount)}"
            f", {'armed' if each.armed else 'crossed'}"
            for name, group in self._thresholds()
            for each in group
        ]
        lines += self._allowed()
        if self.recharge is None:
            return [*lines, "recharge    nothing was ever set of it"]
        assert self.recharge.tenant_id == account.tenant_id, self.recharge.tenant_id
        return lines + recharge_lines(self.recharge, self.now_ms)

    def _allowed(self) -> list[str]:
        status = self.status
        if status is None:
            return []
        lines = [
            f"pool        {each.pool}: {each.used_s} of {each.total_s} s used"
            for each in status.pools
        ]
        if (credit := status.credit) is not None:
            limit = money(credit.limit_micros, status.currency)
            lines.append(
                f"credit      {money(credit.owed_micros, status.currency)} owed, of {limit}"
            )
        lines.append(f"allowed     {', '.join(status.allowed_call_types) or 'nothing'}")
        return lines + [
            f"refused     {each.call_type}: {each.reason}{f' ({each.code})' if each.code else ''}"
            for each in status.blocked
        ]


def _amount(name: str, amount: int) -> str:
    return f"{amount} hours" if name == "hours" else format_micros(amount)


def _lot(lot: CreditLot) -> dict[str, Any]:
    return {
        "lot_id": lot.lot_id,
        "remaining_micros": lot.remaining,
        "purchased_ms": lot.purchased_ms,
        "expires_ms": lot.expires_ms,
    } | ({} if lot.category is None else {"category": lot.category})


def _lot_row(lot: CreditLot, note: str) -> Row:
    return (
        *(lot.lot_id, format_micros(lot.remaining)),
        *(to_text(lot.purchased_ms), to_text(lot.expires_ms)),
        ", ".join(each for each in (lot.category or "", note) if each),
    )


def read_account(
    account: bytes, status: bytes | None, recharge: bytes | None, now_ms: int
) -> AccountView:
    """Return what the latest records say; ValueError where they are of another layout than ours."""
    return AccountView(
        decode_account(account),
        None if status is None else _decode_status(status),
        None if recharge is None else decode_recharge(recharge),
        now_ms,
    )
