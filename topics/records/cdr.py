"""The call-detail record, as call platforms write it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Country,
    Currency,
    Id,
    Moment,
    Name,
    Number,
    Range,
    Seconds,
    TenantId,
    Text,
    Wire,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """A call-detail record: one finished call (or one leg of it), as the call platform wrote it."""

    cdr_id: Annotated[Id, About("Unique per tenant; the same id and version twice is a duplicate.")]
    tenant_id: TenantId
    direction: Literal["out", "in"]
    to: Number
    started_at: Moment
    ended_at: Moment
    billsec: Annotated[
        Seconds,
        About(
            "Connected seconds, ringing excluded: as many as lie between answer and end, within a "
            "tolerance, and none without an answer; else the CDR waits in suspense as contradictory."
        ),
    ]
    schema_version: Annotated[int, Range(1, 1)] = 1
    version: Annotated[int, Range(1, 1_000_000)] = 1
    kind: Literal["final", "correction", "void"] = "final"
    source: Name | None = None
    leg_of: Id | None = None
    call_type: (
        Annotated[str, Text(32), About("Open list: user_out, conf_out, conf_in, ...")] | None
    ) = None
    from_: (
        Annotated[
            str,
            Text(64, 0),
            Wire("from"),
            About(
                "The caller: E.164 with +, 7 to 15 digits, its tail masked with * where hidden. Any other "
                "text, and none, is an unknown caller: a deck prices it by its rows of origin_prefix unknown."
            ),
        ]
        | None
    ) = None
    user_id: Id | None = None
    organizer_id: Id | None = None
    usage_country: Country | None = None
    service_number_type: (
        Annotated[
            str,
            Text(32),
            About(
                "Of the tenant's own number: Subscriber, TollFree, Toll, Service, ... in any letter case. "
                "Inbound calls to a subscriber are free. Absent: the numbering data and the deck decide."
            ),
        ]
        | None
    ) = None
    license: Name | None = None
    answered_at: Annotated[Moment, About("Where absent, the start is the answer.")] | None = None
    disposition: Literal["answered", "no_answer", "busy", "failed", "cancelled"] = "answered"
    conference_id: Id | None = None
    currency_hint: Currency | None = None
    ingest_ts: Moment | None = None
