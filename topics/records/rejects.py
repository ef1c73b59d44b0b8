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

KEPT_B64_MAX = 87_384
"""64 KiB in base64."""

Size = Annotated[int, Range(0, 2**31 - 1)]
Digest = Annotated[str, Text(64, 64, r"[0-9a-f]{64}"), About("Likewise its SHA-256.")]

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
    "not_unpacked",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A record we could not read, or several that were not unpacked, with the reason.

    Of a longer key or value the first 64 KiB are kept, with the length and SHA-256 of the whole, which stands at its
    offset for as long as the source topic keeps it.
    """

    dead_id: Id
    reason: DeadReason
    field: Annotated[str, Text(200)] | None = None
    detail: Note
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    source_last_offset: Annotated[
        Offset | None, About("Of several records in one batch of Kafka's: the last.")
    ] = None
    key_b64: Annotated[str, Text(KEPT_B64_MAX, 0)] | None = None
    key_bytes: Annotated[Size | None, About("Only of a key that is cut: its length.")] = None
    key_sha256: Digest | None = None
    value_b64: Annotated[str, Text(KEPT_B64_MAX, 0)] | None = None
    value_bytes: Annotated[Size | None, About("Only of a value that is cut: its length.")] = None
    value_sha256: Digest | None = None
