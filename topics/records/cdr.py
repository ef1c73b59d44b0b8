"""The call-detail record, as call platforms write it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from topics.fields import (
    COUNTRY_PATTERN,
    DURATION_S_MAX,
    ID_PATTERN,
    NUMBER,
    NUMBER_PATTERN,
    TENANT,
    TENANT_PATTERN,
    CallDirection,
    Currency,
    Instant,
    Name,
    in_schema,
)
from topics.records.record import OpenRecord

# Patterns stand in the schema alone: the reader checks what decides a charge by hand, since a regular expression costs
# as much as the parse; what decides nothing is only as long as it may be.
_Id = Annotated[str, Meta(min_length=1, max_length=128, extra_json_schema=in_schema(ID_PATTERN))]
_Short = Annotated[str, Meta(min_length=1, max_length=32)]
Disposition = Literal["answered", "no_answer", "busy", "failed", "cancelled"]
_Null = Meta(extra_json_schema={"default": None})


class Cdr(OpenRecord, frozen=True):
    """A call-detail record: one finished call (or one leg of it), as the call platform wrote it."""

    # UNSET tells an absent field from a null one: a reader that counts needs to know what was written.
    cdr_id: Annotated[
        _Id, Meta(description="Unique per tenant; the same id and version twice is a duplicate.")
    ]
    tenant_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            description=TENANT,
            extra_json_schema=in_schema(TENANT_PATTERN),
        ),
    ]
    direction: CallDirection
    to: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=32,
            description=NUMBER,
            extra_json_schema=in_schema(NUMBER_PATTERN),
        ),
    ]
    started_at: Instant
    ended_at: Instant
    billsec: Annotated[
        int,
        Meta(
            ge=0,
            le=DURATION_S_MAX,
            description="Connected seconds, ringing excluded: as many as lie between answer and end, within a "
            "tolerance, and none without an answer; else the CDR waits in suspense as contradictory.",
        ),
    ]
    schema_version: Annotated[
        Annotated[int, Meta(ge=1, le=1)] | UnsetType, Meta(extra_json_schema={"default": 1})
    ] = UNSET
    version: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType, Meta(extra_json_schema={"default": 1})
    ] = UNSET
    kind: Annotated[
        Literal["final", "correction", "void"] | UnsetType,
        Meta(extra_json_schema={"default": "final"}),
    ] = UNSET
    source: Annotated[Name | UnsetType | None, _Null] = UNSET
    leg_of: Annotated[_Id | UnsetType | None, _Null] = UNSET
    call_type: Annotated[
        Annotated[
            _Short,
            Meta(
                description="Open list: user_out, conf_out, conf_in, ..., each the same in any letter case. That of a "
                "conference begins with conf."
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
    from_: Annotated[
        Annotated[
            str,
            Meta(
                max_length=64,
                description="The caller: E.164 with +, 7 to 15 digits, its tail masked with * where hidden. Any other "
                "text, and none, is an unknown caller: a deck prices it by its rows of origin_prefix unknown.",
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = field(name="from", default=UNSET)
    user_id: Annotated[_Id | UnsetType | None, _Null] = UNSET
    organizer_id: Annotated[
        Annotated[
            _Id,
            Meta(
                description="Of a conference (call_type), whose it is, whoever dialled: that user's plans, licence and "
                "limits count. Any other call is that of user_id, and of the organizer where no user is named."
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
    usage_country: Annotated[
        Annotated[
            str,
            Meta(
                min_length=2,
                max_length=2,
                description="ISO 3166-1 alpha-2.",
                extra_json_schema=in_schema(COUNTRY_PATTERN),
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
    service_number_type: Annotated[
        Annotated[
            _Short,
            Meta(
                description="Of the tenant's own number: Subscriber, TollFree, Toll, Service, ... in any letter case. "
                "Inbound calls to a subscriber are free, unless a chain of the plan catalog names their call type. "
                "Absent: the numbering data and the deck decide."
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
    license: Annotated[Name | UnsetType | None, _Null] = UNSET
    answered_at: Annotated[
        Annotated[Instant, Meta(description="Where absent, the start is the answer.")]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
    disposition: Annotated[
        Disposition | UnsetType,
        Meta(extra_json_schema={"default": "answered"}),
    ] = UNSET
    conference_id: Annotated[_Id | UnsetType | None, _Null] = UNSET
    currency_hint: Annotated[Currency | UnsetType | None, _Null] = UNSET
    ingest_ts: Annotated[Instant | UnsetType | None, _Null] = UNSET
    routing_number: Annotated[
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=32,
                description="Of an outgoing call: where the number dialled leads, which may be ported; as `to` is "
                "written. The call is priced by it instead of `to`; what `to` is denied, or has no pool for, stays so. "
                "Where `to` is neither E.164 nor a short number of at most 6 digits, the call waits as `short_number`.",
                extra_json_schema=in_schema(NUMBER_PATTERN),
            ),
        ]
        | UnsetType
        | None,
        _Null,
    ] = UNSET
