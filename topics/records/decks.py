"""Rate decks, packed: a manifest makes its chunks a version."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import About, Currency, Items, Moment, Name, Note, Range, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckChunk:
    """Some rows of one version of a rate deck."""

    deck_id: Name
    version: Annotated[int, Range(1, 2**31 - 1)]
    chunk: Annotated[int, Range(1, 100_000)]
    rows: Annotated[
        list[list[str]], Items(5000, 1), About("The deck's CSV cells, in the manifest's `columns`.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckManifest:
    """Makes one version of a rate deck whole: nothing of it counts before this record is there."""

    deck_id: Name
    version: Annotated[int, Range(1, 2**31 - 1)]
    currency: Currency
    valid_from: Moment
    time_zone: Annotated[str, Text(64)]
    band_policy: Literal["split", "start"]
    columns: Annotated[list[Name], Items(64, 1)]
    rows: Annotated[int, Range(1, 10_000_000)]
    chunks: Annotated[int, Range(1, 100_000)]
    digest: Annotated[str, Text(64, 64, r"[0-9a-f]{64}"), About("SHA-256 of the canonical rows.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckRetirement:
    """A version without prices: from its instant on the deck prices nothing, until a later version is in force."""

    deck_id: Name
    version: Annotated[int, Range(1, 2**31 - 1)]
    retired_from: Annotated[Moment, About("Calls answered before are still priced.")]
    reason: Note | None = None
