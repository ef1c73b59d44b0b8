"""Opening the simulator: it needs a book, and plays."""

import sqlite3
from pathlib import Path

from rater.shell.gateway.providers.opening import (
    OpeningError,
    OwnOption,
    ProviderKind,
    ProviderSettings,
)
from rater.shell.gateway.providers.simulator.provider import Simulator


async def open_simulator(settings: ProviderSettings) -> Simulator:
    """Return the simulator with its book; OpeningError where there is none, or money was asked for."""
    if settings.mode == "live":
        raise OpeningError("--mode live: the simulator moves no money, its mode is test")
    book = settings.options.get("book")
    if book is None:
        raise OpeningError("the simulator needs --book FILE, where it keeps its payments")
    try:
        return Simulator(Path(book))
    except sqlite3.Error as error:
        raise OpeningError(f"--book {book}: {error}") from error
    except OSError as error:
        raise OpeningError(f"--book {book}: {error.strerror}") from error


SIMULATOR = ProviderKind(
    "simulator",
    open_simulator,
    (
        OwnOption(
            "book",
            "FILE",
            "Where the simulator keeps its payments: an SQLite file, made if it is not there.",
        ),
    ),
)
