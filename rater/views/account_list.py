"""Account list: the latest statuses of all tenants, selected, a line each."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from rater.core.times import to_text
from rater.views.amounts import money
from rater.views.columns import Row
from topics.records import AccountStatus

HEAD: Final[Row] = ("tenant", "state", "mode", "balance", "hours left", "refused", "changed")
_decode = msgspec.json.Decoder(AccountStatus).decode


class Listed(NamedTuple):
    """An account of the list: its status as it was written, and for people."""

    value: bytes
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSelection:
    """What an account must be like; what is None says nothing."""

    tenant: str | None = None
    """How its tenant's id begins."""
    state: str | None = None
    mode: str | None = None
    currency: str | None = None
    below_micros: int | None = None
    """Its balance is below this."""
    refused: str | None = None
    """Calls are refused for this reason."""

    def has(self, status: AccountStatus) -> bool:
        """Tell whether an account is meant."""
        balance = status.balance_micros
        return (
            (self.tenant is None or status.tenant_id.startswith(self.tenant))
            and self.state in {None, status.state}
            and self.mode in {None, status.mode}
            and self.currency in {None, status.currency}
            and (self.below_micros is None or (balance is not None and balance < self.below_micros))
            and (self.refused is None or any(e.reason == self.refused for e in status.blocked))
        )

    def taken(self, value: bytes) -> Listed | None:
        """Return an account that is meant."""
        status = _decode(value)
        return Listed(value, _row(status)) if self.has(status) else None


def _row(status: AccountStatus) -> Row:
    hours = status.hours_remaining
    return (
        *(status.tenant_id, status.state, status.mode),
        money(status.balance_micros, status.currency),
        "-" if hours is None else str(hours),
        ", ".join(dict.fromkeys(each.reason for each in status.blocked)) or "-",
        to_text(status.at_ms),
    )
