"""Terms of a deck that a file does not say, as options have them; what is wrong with one is named by its option."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from rater.wire.settings.currencies import load_currencies

_OPTIONS: Final[Mapping[str, str]] = {
    "deck_id": "--deck-id",
    "version": "--version",
    "currency": "--currency",
    "valid_from": "--valid-from",
    "time_zone": "--timezone",
    "band_policy": "--band-policy",
}


def by_option(fault: str, deck_id: str = "--deck-id", calendars: Path | None = None) -> str:
    """Return what `read_heading` finds wrong with the field named as the option that said it."""
    if calendars is not None and fault.startswith(f"{calendars}: "):
        return f"--calendars: {fault}"
    field, colon, said = fault.partition(": ")
    known = {**_OPTIONS, "deck_id": deck_id}
    return f"{known.get(field, field)}{colon}{said}"


def note_currency(currency: str) -> None:
    """Tell of a currency that is in no list; it may be meant, as that of tests is."""
    if currency not in load_currencies().terms:
        click.echo(
            f"note: --currency: {currency} is in no list of ISO 4217 that ships; a deck's currency never changes",
            err=True,
        )
