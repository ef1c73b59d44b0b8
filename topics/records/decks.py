"""Rate decks, packed: a manifest makes its chunks a version."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import Currency, Moment, Name, Note, Version, whole
from topics.records.record import Record

CHUNK_ROWS_MAX = 5_000
CALENDARS_MAX = 64
CALENDAR_DATES_MAX = 1_000


class DeckChunk(Record, frozen=True):
    """Some rows of one version of a rate deck."""

    deck_id: Name
    version: Version
    chunk: Annotated[int, Meta(ge=1, le=100_000)]
    rows: Annotated[
        list[list[str]],
        Meta(
            min_length=1,
            max_length=CHUNK_ROWS_MAX,
            description="The deck's CSV cells, in the manifest's `columns`.",
        ),
    ]


class DeckCalendar(Record, frozen=True):
    """A calendar of a deck: dates, such as holidays, on which the rows that name it hold instead of the others."""

    name: Name
    dates: Annotated[
        tuple[
            Annotated[
                str,
                Meta(min_length=10, max_length=10, pattern=whole(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
            ],
            ...,
        ],
        Meta(
            min_length=1,
            max_length=CALENDAR_DATES_MAX,
            description="Local dates of the deck's time zone, in order.",
        ),
    ]


class DeckManifest(Record, frozen=True):
    """Makes one version of a rate deck whole: nothing of it counts before this record is there."""

    deck_id: Name
    version: Version
    currency: Currency
    valid_from: Moment
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    band_policy: Literal["split", "start"]
    columns: Annotated[list[Name], Meta(min_length=1, max_length=64)]
    rows: Annotated[int, Meta(ge=1, le=10_000_000)]
    chunks: Annotated[int, Meta(ge=1, le=100_000)]
    digest: Annotated[
        str,
        Meta(
            min_length=64,
            max_length=64,
            pattern=whole(r"[0-9a-f]{64}"),
            description="SHA-256 of the canonical rows.",
        ),
    ]
    calendars: Annotated[
        tuple[DeckCalendar, ...],
        Meta(max_length=CALENDARS_MAX, description="Those that rows name, by name."),
    ] = ()


class DeckRetirement(Record, frozen=True):
    """A version without prices: from its instant on the deck prices nothing, until a later version is in force."""

    deck_id: Name
    version: Version
    retired_from: Annotated[Moment, Meta(description="Calls answered before are still priced.")]
    reason: Note | None = None
