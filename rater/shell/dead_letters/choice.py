"""Choice: of several things that were said under one id of a CDR, the one that somebody chose. No clock, no I/O.

What was said first stands. What is chosen in its place is said again as the next version: so charging takes it as it
takes any correction, once, whatever is charged by then, and whoever kills whom. Its content is named by the hash by
which charging tells a redelivery from a conflict.
"""

from typing import Final

import msgspec

from rater.batch.charging.content import cdr_content
from rater.core.cdr import Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.masking import Masks
from rater.shell.dead_letters.original import Original, Outgoing, unread
from rater.wire.cdrs import decode_cdr
from topics.partitioner import partition_of
from topics.topic import Topic

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FINAL: Final = b'"final"'
_CORRECTION: Final = b'"correction"'


def content_of(value: bytes | None) -> str | None:
    """Return the hash of what a CDR says, as people name it; None for what is no CDR.

    >>> content_of(b"{not json") is None
    True
    """
    cdr = decode_cdr(value)
    return f"{cdr_content(cdr):08x}" if isinstance(cdr, Cdr) else None


def chosen(
    topic: Topic, original: Original, content: str | None, partitions: int, masks: Masks = ()
) -> Outgoing | str:
    """Return what is to be written of a CDR in conflict where `content` was chosen, or why it stays."""
    cdr = decode_cdr(original.value)
    if not isinstance(cdr, Cdr):
        return "it is no CDR that can be read"
    here = f"{cdr_content(cdr):08x}"
    if content is None:
        return (
            f"its content is {here}: --choose {here} has it charged in place of what stands; drop it, if what stands "
            "is right"
        )
    if content != here:
        return f"its content is {here}: drop it, if {content} is right"
    value = next_version(original.value or b"", cdr)
    if (why := unread(topic, value, masks)) is not None:
        return why
    key = cdr.tenant_id.encode()
    partition = partition_of(key, partitions)
    return Outgoing(topic, key, value, original.headers, partition, is_corrected=True)


def as_taken(found: Outgoing | str, settings: ChargingSettings) -> Outgoing | str:
    """Return what is to be written of a choice, or why it stays: without corrections it would only wait."""
    if isinstance(found, str) or settings.corrections:
        return found
    return "the settings take no corrections: turn `corrections` on before, or drop it, if what stands is right"


def next_version(value: bytes, cdr: Cdr) -> bytes:
    """Return a CDR as its next version; all other fields as they were written, byte for byte."""
    fields = _FIELDS.decode(value)
    fields["version"] = msgspec.Raw(b"%d" % (cdr.version + 1))
    if bytes(fields.get("kind", _FINAL)) == _FINAL:
        fields["kind"] = msgspec.Raw(_CORRECTION)
    return msgspec.json.encode(fields)
