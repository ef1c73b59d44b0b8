"""The CDR as it stands on the topic: types and bounds, checked by msgspec while it parses."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rater.core.limits import DURATION_S_MAX

_Id = Annotated[str, Meta(min_length=1, max_length=128)]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Short = Annotated[str, Meta(min_length=1, max_length=32)]
_Moment = Annotated[datetime, Meta(tz=True)]


class CdrRecord(msgspec.Struct, gc=False):
    """A CDR as it stands on the topic; UNSET tells an absent field from a null one."""

    cdr_id: _Id
    tenant_id: _Name
    direction: Literal["out", "in"]
    to: _Short
    started_at: _Moment
    ended_at: _Moment
    billsec: Annotated[int, Meta(ge=0, le=DURATION_S_MAX)]
    schema_version: Annotated[int, Meta(ge=1, le=1)] | UnsetType = UNSET
    version: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET
    kind: Literal["final", "correction", "void"] | UnsetType = UNSET
    source: _Name | UnsetType | None = UNSET
    leg_of: _Id | UnsetType | None = UNSET
    call_type: _Short | UnsetType | None = UNSET
    from_: Annotated[str, Meta(max_length=64)] | UnsetType | None = msgspec.field(
        name="from", default=UNSET
    )
    user_id: _Id | UnsetType | None = UNSET
    organizer_id: _Id | UnsetType | None = UNSET
    usage_country: Annotated[str, Meta(min_length=2, max_length=2)] | UnsetType | None = UNSET
    service_number_type: _Short | UnsetType | None = UNSET
    license: _Name | UnsetType | None = UNSET
    answered_at: _Moment | UnsetType | None = UNSET
    disposition: Literal["answered", "no_answer", "busy", "failed", "cancelled"] | UnsetType = UNSET
    conference_id: _Id | UnsetType | None = UNSET
    currency_hint: (
        Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$")] | UnsetType | None
    ) = UNSET
    ingest_ts: _Moment | UnsetType | None = UNSET
