"""Deck files: a CSV file on disk to a compiled deck, for commands that people type."""

from collections.abc import Sequence
from pathlib import Path

from rater.core.pricing.decks import Deck, Heading
from rater.wire.bounded_file import read_bounded
from rater.wire.pricing.deck_calendars import read_calendar_file
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_rows import DeckFault
from rater.wire.told import told

DECK_FILE_BYTES_MAX = 64 * 1024 * 1024
"""Of a deck file: a million rows, five times what carriers sell."""
ALWAYS = "2000-01-01T00:00:00Z"
"""In force as far back as any CDR can be."""


class DeckFileError(Exception):
    """A deck file that cannot be used; `faults` are its lines, where it could be read at all."""

    def __init__(self, message: str, faults: Sequence[DeckFault] = ()) -> None:
        """Keep the message and the faults."""
        super().__init__(message)
        self.faults = tuple(faults)


def read_sheet_file(path: Path) -> Sheet:
    """Read the cells of a deck file; raise `DeckFileError` naming every fault."""
    try:
        content = read_bounded(path, DECK_FILE_BYTES_MAX)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise DeckFileError(message) from error
    sheet = read_sheet(content)
    if isinstance(sheet, Sheet):
        return sheet
    raise _faulty(path, sheet)


def compile_file(path: Path, heading: Heading) -> Deck:
    """Read and compile a deck file; raise `DeckFileError` naming every fault."""
    deck = compile_sheet(heading, read_sheet_file(path))
    if isinstance(deck, Deck):
        return deck
    raise _faulty(path, deck)


def read_deck_file(
    path: Path, *, deck_id: str, currency: str, version: int = 1, calendars: Path | None = None
) -> Deck:
    """Read a deck file as a version that is always in force, in UTC; raise `DeckFileError`."""
    terms = (currency, ALWAYS, "UTC", "split")
    heading = read_heading(deck_id, version, terms, read_calendar_file(calendars))
    if isinstance(heading, str):
        raise DeckFileError(heading)
    return compile_file(path, heading)


def _faulty(path: Path, faults: Sequence[DeckFault]) -> DeckFileError:
    lines = "\n".join(told(f"{path}: {fault}" for fault in faults))
    return DeckFileError(lines, faults)
