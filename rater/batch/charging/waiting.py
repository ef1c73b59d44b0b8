"""Waiting: why a CDR waits before any account is asked: what is known, and what cannot be known, of its id."""

from rater.core.cdr import Cdr
from rater.core.suspension import Suspended, Suspension
from rater.core.times import to_text
from topics.partitioner import partition_of


def too_old(cdr: Cdr, oldest_ms: int, settings_version: int) -> Suspension:
    """Say that a call, or the first version of a CDR, may have been charged and forgotten."""
    ended, oldest = to_text(cdr.ended_ms), to_text(oldest_ms)
    detail = f"ended_at: {ended}; charged CDRs are remembered from {oldest}"
    if cdr.ended_ms >= oldest_ms:
        started = to_text(cdr.started_ms)
        detail += f", and version {cdr.version} is of a call that started at {started}"
    if cdr.version > 1 or cdr.kind != "final":
        detail += "; what it corrects is forgotten: find its charge on the ledger, and adjust the balance by hand"
    return Suspension(Suspended.TOO_OLD, detail, settings_version)


def in_future(cdr: Cdr, at_ms: int) -> Suspension:
    """Say that a call ended long after its record was written: it would be remembered for too long."""
    detail = f"ended_at: {to_text(cdr.ended_ms)}, but the record was written at {to_text(at_ms)}"
    return Suspension(Suspended.IN_FUTURE, detail)


def stray(cdr: Cdr, key: bytes | None, here: int, partitions: int) -> tuple[Suspension, int | None]:
    """Say that there is no account here, and in which of so many partitions it is, if that is another."""
    right = partition_of(cdr.tenant_id.encode(), partitions)
    if key != cdr.tenant_id.encode():
        shown = None if key is None else key[:64].decode(errors="replace")
        detail = (
            f"key: {shown!r}, must be tenant_id {cdr.tenant_id}; it belongs to partition {right}"
        )
    elif right != here:
        detail = f"partition: {here}, murmur2 of the key says {right}"
    else:
        unknown = f"tenant_id: {cdr.tenant_id} has no account"
        return Suspension(Suspended.UNKNOWN_TENANT, unknown), None
    return Suspension(Suspended.MISROUTED, detail), right


def conflict(cdr: Cdr) -> Suspension:
    """Say that an id is known with other content."""
    detail = (
        f"cdr_id: {cdr.cdr_id}, version {cdr.version}, is known with other content, which stands; to replace it, send "
        "a higher version"
    )
    return Suspension(Suspended.CONFLICT, detail)
