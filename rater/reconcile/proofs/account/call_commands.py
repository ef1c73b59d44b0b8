"""Call commands: what the entry of a call that was freed, released, dropped or rated again repeats of its command."""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.folds.causes import has_waited, is_by_word, is_rerated
from rater.reconcile.reading.sources import SourceCommand


def freed(command: SourceCommand, entry: Any) -> Iterator[tuple[str, object, object]]:
    """Yield what the charge of a call repeats of the command that caused it; of what none asks nothing."""
    if is_rerated(entry):
        yield "type", command.type, "rerate_call"
        yield "entry_id", command.entry_id, entry.reverses
        for name in ("cdr_id", "version", "job_id"):
            yield name, getattr(command, name), getattr(entry, name)
        return
    if not has_waited(entry):
        return
    if entry.waited.by is not None:
        yield "type", command.type, "release_call"
        if is_by_word(entry):
            yield "whether seen_ms", command.seen_ms is not None, True
        yield from recycled(command, entry)
        return
    yield "type", command.type, "free_call"
    yield "cdr_id", command.cdr_id, entry.cdr_id
    yield "version", command.version, entry.version


def recycled(command: SourceCommand, entry: Any) -> Iterator[tuple[str, object, object]]:
    """Yield what the entry of a call that was released or dropped repeats of its command."""
    for name in ("cdr_id", "version", "job_id"):
        yield name, getattr(command, name), getattr(entry, name)
    for name in ("suspense_id", "by", "why"):
        yield name, getattr(command, name), getattr(entry.waited, name)
