"""Tenants: to whom calls are charged, where that is not the tenant whom the file names.

A map names each. A rewrite gives the tenants of the file to accounts of a load test, by a hash of their names: always
the same one, on any machine, and a tenant with many calls stays one with many. Where several tenants share an account,
a mark of its tenant goes before each id: an id is good for one tenant alone.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from loadtest.accounts import name_of
from loadtest.replay.altering import affix_ids
from loadtest.replay.faults import ReplayError, shown

MARK_DIGITS = 8


class Tenants(Protocol):
    """Says who is charged."""

    def of(self, name: str) -> str | None:
        """Return who is charged for the calls of a tenant; None: they are left out. ReplayError: nobody says."""


class TenantFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of tenants says."""

    tenants: dict[str, str]
    """By the tenant of the file, the tenant of the rater."""
    unknown: Literal["error", "leave-out"] = "error"
    """What becomes of calls of others."""


@dataclass(frozen=True, slots=True)
class TenantMap:
    """Tenants by name."""

    names: dict[str, str]
    leaves_out: bool = False
    """Whether calls of tenants that are not named are left out; else they end the replay."""
    shared: frozenset[str] = field(init=False)
    """Names whose account is that of others, too."""

    def __post_init__(self) -> None:
        """See which accounts are shared."""
        count = Counter(self.names.values())
        shared = frozenset(name for name, account in self.names.items() if count[account] > 1)
        object.__setattr__(self, "shared", shared)

    def of(self, name: str) -> str | None:
        """Return who is charged; None: left out."""
        found = self.names.get(name)
        if found is None and not self.leaves_out:
            raise ReplayError(f"tenant_id must be one that the map names, found {shown(name)}")
        return found

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Name the account, and mark the ids of tenants that share one."""
        name = cdr["tenant_id"]
        cdr["tenant_id"] = self.of(name)
        if name in self.shared:
            affix_ids(cdr, number, f"{mark_of(name)}-")


@dataclass(frozen=True, slots=True)
class TenantRewrite:
    """So many tenants of a load test, each by a hash of the name."""

    count: int

    def of(self, name: str) -> str:
        """Return who is charged."""
        return name_of(int.from_bytes(_hash(name)[:8]) % self.count + 1)

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Name the account, and mark the ids."""
        name = cdr["tenant_id"]
        cdr["tenant_id"] = self.of(name)
        affix_ids(cdr, number, f"{mark_of(name)}-")


def read_tenants(path: Path) -> TenantMap:
    """Return what a file says; ReplayError names what is wrong in it."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), TenantFile)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ReplayError(f"{path}: {error}") from error
    return TenantMap(found.tenants, leaves_out=found.unknown == "leave-out")


def mark_of(name: str) -> str:
    """Return what tells the ids of a tenant from those of others in the same account."""
    return _hash(name).hex()[-MARK_DIGITS:]


@lru_cache(100_000)
def _hash(name: str) -> bytes:
    return sha256(name.encode()).digest()
