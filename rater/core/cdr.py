"""Cdr: a call-detail record after validation; times in milliseconds, duration in seconds."""

import msgspec


class Cdr(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One finished call. `answered_ms` is the start where the platform names no answer."""

    tenant_id: str
    cdr_id: str
    version: int
    kind: str
    direction: str
    to: str
    from_: str | None
    call_type: str | None
    service_number_type: str | None
    usage_country: str | None
    disposition: str
    answered_ms: int
    ended_ms: int
    billsec: int


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where a record was read, and its time: what D6 calls stream time."""

    topic: str
    partition: int
    offset: int
    at_ms: int
