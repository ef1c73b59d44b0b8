"""Dead letters, shown: groups of open letters and the letters themselves, for people and as objects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from rater.core.pricing.masking import Masks
from rater.core.times import to_text
from rater.shell.dead_letters.letter import Letter
from rater.views.readable import readable
from rater.wire.dead_letters import kept_of
from rater.wire.masking import masked_detail, masked_text
from topics.records import Dead

GROUPS_HEAD: Final = ("tenant", "topic", "reason", "letters", "oldest")
SHOWN_MAX: Final = 4_000
"""Characters of a value that are shown to people; programs get all that a letter keeps."""


@dataclass(slots=True)
class Group:
    """The letters of a tenant, of a topic and a reason."""

    tenant: str | None
    topic: str
    reason: str
    letters: int = 0
    oldest_ms: int = 1 << 62

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "tenant_id": self.tenant,
            "topic": self.topic,
            "reason": self.reason,
            "letters": self.letters,
            "oldest_ms": self.oldest_ms,
        }

    def row(self) -> tuple[str, ...]:
        """Return it for people."""
        count, oldest = f"{self.letters:,}", to_text(self.oldest_ms)
        return self.tenant or "-", self.topic, self.reason, count, oldest


def groups_of(letters: Iterable[Letter]) -> list[Group]:
    """Group letters by tenant, topic and reason; those of no known tenant last."""
    groups: dict[tuple[bool, str, str, str], Group] = {}
    for each in letters:
        topic, reason = each.source.topic, str(each.reason)
        name = each.tenant is None, each.tenant or "", topic, reason
        group = groups.setdefault(name, Group(each.tenant, topic, reason))
        group.letters += 1
        group.oldest_ms = min(group.oldest_ms, each.since_ms)
    return [groups[name] for name in sorted(groups)]


def letter_fields(
    letter: Letter, dead: Dead, masks: Masks, content: str | None = None
) -> dict[str, Any]:
    """Return a letter for programs, with what it keeps of its record as text; digits are hidden as settings say.

    `content`: the hash of what a CDR in conflict says.
    """
    key, value = kept_of(dead.key_b64), kept_of(dead.value_b64)
    return {
        "dead_id": letter.dead_id,
        "reason": dead.reason,
        "field": dead.field,
        "detail": masked_detail(dead.detail, masks),
        "tenant_id": letter.tenant,
        "at_ms": dead.at_ms,
        "since_ms": letter.since_ms,
        "letter": str(letter.place),
        "last_offset": dead.source_last_offset,
        "key": None if key is None else as_text(masked_text(key, masks)),
        "value": None if value is None else as_text(masked_text(value, masks)),
        "value_bytes": len(value or b"") if dead.value_bytes is None else dead.value_bytes,
        "content": content,
    }


def letter_lines(letter: Letter, dead: Dead, masks: Masks, content: str | None = None) -> list[str]:
    """Return a letter for people: what it is of, what is wrong, where it lies, and the record as it was written."""
    said = letter_fields(letter, dead, masks, content)
    where = f"{said['field']}: " if said["field"] else ""
    text, size = said["value"], said["value_bytes"]
    if text is None:
        shown = "no value"
    elif len(text) > SHOWN_MAX:
        shown = f"{text[:SHOWN_MAX]} ... ({size:,} bytes)"
    else:
        shown = text if dead.value_bytes is None else f"{text} ... ({size:,} bytes)"
    key = "no key" if said["key"] is None else f"key {said['key'][:200]}"
    upto = "" if dead.source_last_offset is None else f" to {dead.source_last_offset}"
    lines = [
        f"{letter.dead_id}{upto}  {dead.reason}  {letter.tenant or '-'}",
        f"  {where}{said['detail']}",
        f"  written {to_text(dead.at_ms)}, {key}; letter {letter.place} of {to_text(letter.since_ms)}",
        f"  {shown}",
    ]
    if content is not None:
        lines.insert(2, f"  content {content}")
    return [readable(line) for line in lines]


def as_text(text: bytes) -> str:
    r"""Return bytes on one line, such that nothing in them commands a terminal.

    >>> as_text(b'{"to":"+33\x1b[2J'), as_text(b"a\nb"), as_text(b"\xff\xe9")
    ('{"to":"+33\\x1b[2J', 'a\\nb', '\\xff\\xe9')
    """
    return readable(text.decode(errors="backslashreplace"))
