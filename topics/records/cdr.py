"""The call-detail record, as call platforms write it."""

from typing import Annotated, Literal

from msgspec import Meta, field

from topics.fields import (
    Country,
    Currency,
    Id,
    Moment,
    Name,
    Number,
    Seconds,
    TenantId,
)
from topics.records.record import OpenRecord


class Cdr(OpenRecord, frozen=True):
    """A call-detail record: one finished call (or one leg of it), as the call platform wrote it."""

    cdr_id: Annotated[
        Id, Meta(description="Unique per tenant; the same id and version twice is a duplicate.")
    ]
    tenant_id: TenantId
    direction: Literal["out", "in"]
    to: Number
    started_at: Moment
    ended_at: Moment
    billsec: Annotated[
        Seconds,
        Meta(
            description="Connected seconds, ringing excluded: as many as lie between answer and end, within a "
            "tolerance, and none without an answer; else the CDR waits in suspense as contradictory."
        ),
    ]
    schema_version: Annotated[int, Meta(ge=1, le=1)] = 1
    version: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    kind: Literal["final", "correction", "void"] = "final"
    source: Name | None = None
    leg_of: Id | None = None
    call_type: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=32,
                description="Open list: user_out, conf_out, conf_in, ...",
            ),
        ]
        | None
    ) = None
    from_: (
        Annotated[
            str,
            Meta(max_length=64),
            Meta(
                description="The caller: E.164 with +, 7 to 15 digits, its tail masked with * where hidden. Any other "
                "text, and none, is an unknown caller: a deck prices it by its rows of origin_prefix unknown."
            ),
        ]
        | None
    ) = field(name="from", default=None)
    user_id: Id | None = None
    organizer_id: Id | None = None
    usage_country: Country | None = None
    service_number_type: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=32,
                description="Of the tenant's own number: Subscriber, TollFree, Toll, Service, ... in any letter case. "
                "Inbound calls to a subscriber are free. Absent: the numbering data and the deck decide.",
            ),
        ]
        | None
    ) = None
    license: Name | None = None
    answered_at: (
        Annotated[Moment, Meta(description="Where absent, the start is the answer.")] | None
    ) = None
    disposition: Literal["answered", "no_answer", "busy", "failed", "cancelled"] = "answered"
    conference_id: Id | None = None
    currency_hint: Currency | None = None
    ingest_ts: Moment | None = None
