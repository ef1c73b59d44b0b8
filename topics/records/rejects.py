"""What is not charged: suspended CDRs and dead letters."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    About,
    Id,
    Millis,
    Name,
    Note,
    Offset,
    Partition,
    Range,
    SettingsVersion,
    Text,
)

SuspenseReason = Literal[
    "misrouted",
    "unknown_tenant",
    "conflict",
    "too_old",
    "in_future",
    "correction_unsupported",
    "account_closed",
    "contradictory",
    "impossible_number",
    "unknown_deck",
    "currency_mismatch",
    "short_number",
    "ambiguous_prefix",
    "ambiguous_origin",
    "denied",
    "no_rate",
    "outside_bands",
    "amount_too_large",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A readable CDR that cannot be charged yet, whole, with the reason."""

    suspense_id: Id
    reason: SuspenseReason
    detail: Note
    tenant_id: Annotated[str, Text(64)]
    cdr_id: Annotated[str, Text(128)]
    version: Annotated[int, Range(1, 1_000_000)]
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    belongs_to_partition: Partition | None = None
    settings_version: SettingsVersion | None = None
    cdr: Annotated[str, Text(8_388_608), About("The record's own text, unchanged.")]


DeadReason = Literal[
    "empty",
    "not_utf8",
    "not_json",
    "duplicate_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "unknown_value",
    "bad_number",
    "bad_time",
    "too_long",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A record we could not read, its bytes whole, with the reason."""

    dead_id: Id
    reason: DeadReason
    field: Annotated[str, Text(200)] | None = None
    detail: Note
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    key_b64: Annotated[str, Text(12_000_000, 0)] | None = None
    value_b64: Annotated[str, Text(12_000_000, 0)] | None = None
