"""What is not charged: suspended CDRs, and dead letters with their ends."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import (
    Actor,
    Count,
    Id,
    Millis,
    Name,
    Note,
    Offset,
    Partition,
    SettingsVersion,
    whole,
)
from topics.records.record import Record

KEPT_B64_MAX = 87_384
"""64 KiB in base64."""

Size = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Digest = Annotated[
    str,
    Meta(
        min_length=64,
        max_length=64,
        pattern=whole(r"[0-9a-f]{64}"),
        description="Likewise its SHA-256.",
    ),
]

SuspenseReason = Literal[
    "misrouted",
    "unknown_tenant",
    "conflict",
    "too_old",
    "in_future",
    "correction_unsupported",
    "account_closed",
    "no_tenant_capability",
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
    "too_many_pools",
    "no_user_capability",
]


class Suspended(Record, frozen=True):
    """A readable CDR that cannot be charged yet, whole, with the reason."""

    suspense_id: Id
    reason: SuspenseReason
    detail: Note
    tenant_id: Annotated[str, Meta(min_length=1, max_length=64)]
    cdr_id: Annotated[str, Meta(min_length=1, max_length=128)]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    cdr: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=8_388_608,
            description="The record's own text; of numbers in it settings may hide the last digits.",
        ),
    ]
    belongs_to_partition: Partition | None = None
    settings_version: SettingsVersion | None = None
    kept: Annotated[
        bool,
        Meta(
            description="Whether charging keeps it until it is charged or free; else somebody must see to it."
        ),
    ] = False


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


LetterReason = DeadReason | Literal["misrouted", "conflict"]
"""Why a record is to be written again: a dead letter's, or that of a CDR in suspense that nothing here mends."""


class Dead(Record, frozen=True):
    """A record we could not read, or several that were not unpacked, with the reason.

    Of a longer key or value the first 64 KiB are kept, with the length and SHA-256 of the whole, which stands at its
    offset for as long as the source topic keeps it.
    """

    dead_id: Id
    reason: DeadReason
    detail: Note
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    field: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    source_last_offset: Annotated[
        Offset | None, Meta(description="Of several records in one batch of Kafka's: the last.")
    ] = None
    key_b64: Annotated[str, Meta(max_length=KEPT_B64_MAX)] | None = None
    key_bytes: Annotated[
        Size | None, Meta(description="Only of a key that is cut: its length.")
    ] = None
    key_sha256: Digest | None = None
    value_b64: (
        Annotated[
            str,
            Meta(
                max_length=KEPT_B64_MAX,
                description="Of numbers in a CDR settings may hide the last digits.",
            ),
        ]
        | None
    ) = None
    value_bytes: Annotated[
        Size | None, Meta(description="Only of a value that is cut: its length.")
    ] = None
    value_sha256: Digest | None = None
    settings_version: SettingsVersion | None = None


class DeadEnded(Record, frozen=True):
    """The end of a dead letter, or of a CDR in suspense that is to be written again: it was, or it was given up.

    The first end stands.
    """

    dead_id: Id
    outcome: Annotated[
        Literal["replayed", "dropped"],
        Meta(
            description="replayed: written to its topic again, in the transaction of this record."
        ),
    ]
    reason: LetterReason
    letter_at_ms: Annotated[
        Millis,
        Meta(
            description="The letter's own: of a topic that was made anew another letter has its id."
        ),
    ]
    dead_topic: Annotated[
        Name, Meta(description="Where the letter lies, or the record of suspense.")
    ]
    dead_partition: Partition
    dead_offset: Offset
    at_ms: Millis
    job_id: Annotated[Id, Meta(description="Of what it is a part of.")]
    by: Actor
    why: Note | None = None
    sent_partition: Annotated[
        Partition | None, Meta(description="Of what was replayed: where its record lies now.")
    ] = None
    sent_offset: Annotated[Offset | None, Meta(description="Likewise.")] = None
    sent_sha256: Annotated[
        Digest | None, Meta(description="Likewise: of its value, where that was corrected.")
    ] = None
    number: Annotated[
        Count | None,
        Meta(description="1, 2, 3, ... in its partition; none: written before ends were chained."),
    ] = None
    chain_sha256: Annotated[
        Digest | None,
        Meta(
            description="Of that of the end before it in its partition (of number 1: nothing), a line feed, and this "
            "record's JSON without this field, which is the last."
        ),
    ] = None
