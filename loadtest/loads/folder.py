"""Folder: what lies in the folder of a load, and its manifest, `load.json`, which names and proves every file.

The same plan, deck and number of partitions give the same bytes in every file.
"""

from __future__ import annotations

from dataclasses import asdict
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

import msgspec

from loadtest import json_file
from loadtest.loads.faults import LoadError
from loadtest.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "load.json"
EXPECTED = "expected.json"
DECK = "deck.csv"
PLANS = "plans.toml"
FORMAT = 1


class File(msgspec.Struct, frozen=True):
    """Records of a topic, one a line."""

    name: str
    topic: str
    records: int


class Act(msgspec.Struct, frozen=True):
    """Commands, to be obeyed before the CDRs that follow; and these, to be charged before the next act."""

    commands: tuple[File, ...]
    cdrs: File


class BusiestHour(msgspec.Struct, frozen=True):
    """The hour in which most calls went on at once, counted of the calls alone, whoever charges them."""

    began_at: str
    erlang: float
    """How many, on average."""
    ended: int
    """Calls that ended in it."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the load is of, and what lies in its folder."""

    format: int
    plan: dict[str, Any]
    """Each knob (`loadtest.plan.Plan`)."""
    partitions: int
    acts: tuple[Act, ...]
    busiest_hour: BusiestHour | None
    sha256: dict[str, str]
    """Of each other file, of its bytes as they lie there."""


def knobs(plan: Plan) -> dict[str, Any]:
    """Return the knobs of a plan as JSON has them."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asdict(plan)))
    return found


def plan_of(manifest: Manifest) -> Plan:
    """Return the plan that a load is of; LoadError where it is none."""
    try:
        return msgspec.convert(manifest.plan, Plan)
    except (msgspec.ValidationError, ValueError) as error:
        raise LoadError(f"{MANIFEST}: plan: {error}") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it, last of all files."""
    (folder / MANIFEST).write_bytes(json_file.text_of(manifest))


def read_manifest(folder: Path) -> Manifest:
    """Read it, and every file that it names; LoadError where one is not what was written."""
    manifest = json_file.read(folder / MANIFEST, Manifest, FORMAT, LoadError)
    for name, digest in manifest.sha256.items():
        if (found := sha256_of(folder / name)) != digest:
            raise LoadError(f"{folder / name}: is not what was generated: sha256 {found}")
    return manifest


def sha256_of(path: Path) -> str:
    """Return the digest of a file; LoadError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror or error}") from error
