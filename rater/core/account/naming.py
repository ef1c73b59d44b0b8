"""Naming: entries that a version of the settings decided which was dated back say so.

Some entries of its time were decided before it was published, others after: only they can tell which. Of entries that
settings decide whatever their date, a hold of the breaker or a refusal, the version is there already.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from rater.core.charging_settings import SettingsBook
from topics import records as r
from topics.records.recycling import CallDropped

Entry = r.MoneyEntry | r.CommandRejected | CallDropped
_DECIDED: Final = (r.Charge, r.ChargeReversed, r.FundsAdded, r.Adjusted, r.AutoRechargeSet)
"""The kinds of entry that settings decide without being named."""


def named(entries: Sequence[Entry], book: SettingsBook) -> Sequence[Entry]:
    """Return entries with the versions that they have to name; where nothing was ever dated back, as they are."""
    if not book.names_before_ms:
        return entries
    return [_named(entry, book) for entry in entries]


def _named(entry: Entry, book: SettingsBook) -> Entry:
    if entry.at_ms >= book.names_before_ms or not isinstance(entry, _DECIDED):
        return entry
    version = book.at(entry.at_ms).named_at(entry.at_ms)
    return entry if version is None else replace(entry, settings_version=version)
