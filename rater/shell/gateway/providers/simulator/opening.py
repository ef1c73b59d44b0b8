"""Opening the simulator: it needs a book, and plays."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rater.shell.gateway.providers.opening import (
    CanaryKind,
    OpeningError,
    OwnSetting,
    ProviderKind,
    ProviderSettings,
)
from rater.shell.gateway.providers.simulator.provider import Simulator
from rater.shell.gateway.providers.simulator.script import PREFIX


async def open_simulator(settings: ProviderSettings) -> Simulator:
    """Return the simulator with its book; OpeningError where there is none, or money was asked for."""
    book = check(settings)
    try:
        return Simulator(Path(book))
    except sqlite3.Error as error:
        raise OpeningError(f"--book {book}: {error}", "book") from error
    except OSError as error:
        raise OpeningError(f"--book {book}: {error.strerror}", "book") from error


def check(settings: ProviderSettings) -> str:
    """Return where its book is; OpeningError where that is not said, or money was asked for."""
    if settings.mode == "live":
        message = "--mode live: the simulator moves no money, its mode is test"
        raise OpeningError(message, "mode")
    book = settings.options.get("book")
    if not book:
        message = "the simulator needs --book FILE, where it keeps its payments"
        raise OpeningError(message, "book")
    return book


async def open_for_canaries(settings: ProviderSettings) -> Simulator:
    """Return the simulator beside another provider; without a book of its own it keeps one until it is closed.

    A book that is forgotten costs nothing: a command that is captured again is so under the same payment id, and
    counts once.
    """
    if settings.options.get("book") is not None:
        return await open_simulator(replace(settings, mode="test"))
    folder = TemporaryDirectory(prefix="rater-canaries-")
    return Simulator(Path(folder.name) / "captures.sqlite", folder)


SIMULATOR = ProviderKind(
    "simulator",
    check,
    open_simulator,
    (
        OwnSetting(
            "book",
            "FILE",
            "Where the simulator keeps its payments: an SQLite file, made if it is not there. Beside another "
            "provider, which leaves it the canary tenants: a temporary one, unless given.",
        ),
    ),
)
FOR_CANARIES = CanaryKind(SIMULATOR.name, open_for_canaries, PREFIX)
