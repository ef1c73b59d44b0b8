"""Versions on a topic of which each is one record, whole and immutable: charging settings, plan catalogs.

Rule 1: the key is the version; what says otherwise under the same version later is refused, and the version stays.
Rule 2: bytes that cannot be used come back as `BadVersion`, never as an exception: what was in force goes on.
"""

import re
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from rater.wire.keys import key_text

_KEY = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


class Numbered(Protocol):
    """What has a version, and an instant from which it holds."""

    @property
    def version(self) -> int:
        """Return its number."""

    @property
    def valid_from_ms(self) -> int:
        """Return from when on it holds."""


V = TypeVar("V", bound=Numbered)


class BadVersion(Struct, frozen=True):
    """A record of the topic that changes nothing, and why."""

    key: str
    detail: str


class VersionReader(Generic[V]):
    """Takes the records of the topic in their order."""

    def __init__(self, decode: Callable[[bytes], V | str]) -> None:
        """`decode` returns the version in a record's value, or what is wrong with it."""
        self._decode = decode
        self._versions: dict[int, V] = {}

    def feed(self, key: bytes | None, value: bytes | None) -> V | BadVersion | None:
        """Take a record: return the version that it brings, what is wrong with it, or None."""
        name = key_text(key)
        if not _KEY.fullmatch(name):
            return BadVersion(name, f"key: must be a version like 1, found {name!r}")
        known = self._versions.get(int(name))
        if value is None:
            stays = "value: was deleted, but a version is immutable; it stays until the next start"
            return None if known is None else BadVersion(name, stays)
        made = self._decode(value)
        if isinstance(made, str):
            return BadVersion(name, made)
        if made.version != int(name):
            return BadVersion(name, f"version: must be that of the key, found {made.version}")
        if known is not None:
            other = f"version: {name} is known with other content, and a version is immutable"
            return None if known == made else BadVersion(name, other)
        self._versions[made.version] = made
        return made
