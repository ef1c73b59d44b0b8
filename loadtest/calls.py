"""Calls: one CDR as a call platform writes it, some 400 bytes of JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from loadtest.accounts import Tenant


class Clock(dict[int, str]):
    """Seconds since 1970 to RFC 3339 text; the calls of a run share a few hours of them."""

    def __missing__(self, second: int) -> str:
        """Format a second that has not been asked for yet."""
        text = self[second] = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return text


class Persons(NamedTuple):
    """Who made a call, and whose conference it was of."""

    user_id: str | None
    organizer_id: str | None = None

    def consumer(self, call_type: str) -> str | None:
        """Whose call it is: of a conference its organizer's, any other its user's; else the one who is named."""
        if call_type.lower().startswith("conf"):
            return self.organizer_id or self.user_id
        return self.user_id or self.organizer_id


@dataclass(slots=True)
class Call:
    """One call of a tenant, in the terms of its CDR; `ring_s` goes before the answer."""

    tenant: Tenant
    cdr_id: str
    to: str
    billsec: int
    ended_s: int
    ring_s: int
    serial: int
    direction: str = "out"
    call_type: str = "user_out"
    number_type: str = "subscriber"
    disposition: str = "answered"
    version: int = 1
    kind: str = "final"
    persons: Persons | None = None
    """None: one of fifty whom nobody has set, by its serial number."""

    @property
    def answered_s(self) -> int:
        """Seconds since 1970 UTC; of a call that nobody answered: when it ended."""
        return self.ended_s - self.billsec

    @property
    def started_s(self) -> int:
        """When it began to ring."""
        return self.answered_s - self.ring_s


def encode(call: Call, clock: Clock) -> bytes:
    """Return the CDR's bytes. A call that was not answered has no `answered_at`."""
    each = call.tenant
    answered = (
        f'"answered_at":"{clock[call.answered_s]}",' if call.disposition == "answered" else ""
    )
    return (
        f'{{"schema_version":1,"cdr_id":"{call.cdr_id}","version":{call.version},"kind":"{call.kind}",'
        f'"tenant_id":"{each.tenant_id}","source":"sbc-{call.serial & 3}",'
        f'"call_type":"{call.call_type}","direction":"{call.direction}",'
        f'"from":"{each.number}","to":"{call.to}",{_persons(call)}'
        f'"usage_country":"{each.country}","service_number_type":"{call.number_type}",'
        f'"license":"MCOPSTNPP","started_at":"{clock[call.started_s]}",{answered}'
        f'"ended_at":"{clock[call.ended_s]}","billsec":{call.billsec},'
        f'"disposition":"{call.disposition}"}}'
    ).encode()


def _persons(call: Call) -> str:
    """Return the fields that say who made the call."""
    if call.persons is None:
        return f'"user_id":"u{call.serial % 50:02}@{call.tenant.tenant_id}",'
    named = call.persons._asdict().items()
    return "".join(f'"{field}":"{who}",' for field, who in named if who is not None)
