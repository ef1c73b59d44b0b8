"""Bounds: option values that say where a range of a topic begins and ends: instants, and offsets by partition."""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

from loadtest.replay import instants
from loadtest.replay.faults import shown

_OFFSETS = re.compile(r"[0-9]{1,9}:[0-9]{1,18}(?:,[0-9]{1,9}:[0-9]{1,18})*")


def instant(value: object) -> int:
    """Read an RFC 3339 time with its offset; milliseconds since 1970 UTC."""
    try:
        return instants.read_ms(str(value))
    except ValueError:
        wrong = f"must be an RFC 3339 time such as 2026-11-02T09:00:00Z, found {shown(value)}"
        raise click.BadParameter(wrong) from None


def offsets(value: object) -> Mapping[int, int]:
    """Read offsets by partition, `0:1200,3:77`; empty: none is given."""
    if isinstance(value, Mapping):
        return value  # A default is read already.
    text = str(value)
    if text and not _OFFSETS.fullmatch(text):
        wrong = f"must be partitions with their offsets, such as 0:1200,3:77, found {shown(value)}"
        raise click.BadParameter(wrong)
    pairs = (each.split(":") for each in text.split(",") if each)
    return {int(part): int(at) for part, at in pairs}
