"""Signals: SIGTERM and SIGINT ask a service to finish what is at work, and to end."""

import asyncio

from rater.shell.process.early_stop import STOPPING


def stopping_event() -> asyncio.Event:
    """Return an event that the signals set from now on."""
    stopping = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping
