"""Content: the 32-bit hash of what a record says, kept beside its id, by which a redelivery is told from a conflict.

Hashed is a projection of the wire record: the version of the projection, then values in a fixed order, without their
names. So no name of a class or of a field, and no order on the wire, decides whether a redelivery is known.
Absent, null and the default are one. A field that comes later is put at the end, and only where it is not at its
default; anything else is a new `VERSION`, and then both hashes have to be compared for as long as ids are remembered.
`tests/goldens/content.jsonl` pins the hashes.
"""

from datetime import datetime
from functools import cache
from typing import Any, Final
from zlib import crc32

import msgspec

from rater.core.account.commands.registry import COMMANDS
from rater.core.cdr import Cdr
from rater.core.times import to_millis
from topics import records as r
from topics.records import PaymentMethod, ThresholdSetting

VERSION: Final = 1
"""Of the projections."""

_pack: Final = msgspec.msgpack.Encoder().encode
_crc32: Final = crc32
COMMAND_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    **{each.record: each.content for each in COMMANDS},
    ThresholdSetting: ("threshold_id", "amount_micros", "hours", "label"),
    r.EntitlementSetting: ("plan_id", "usage_country", "licences"),
    PaymentMethod: ("reference", "customer", "label"),
}
"""The order of the values of each command after its head, and of what lies inside one. A new field goes to the end."""


def cdr_content(cdr: Cdr) -> int:
    """Return the hash of what decides the charge of a CDR; whether the platform named the answer does not.

    Whose call it is decides where that is said.
    """
    dialled, consumer = cdr.dialled, cdr.consumer()
    # Made at once, and typed as it is: without that the compiled code would make it twice.
    said: tuple[Any, ...] = (
        VERSION,
        cdr.tenant_id,
        cdr.cdr_id,
        cdr.version,
        cdr.kind,
        cdr.direction,
        cdr.to if dialled is None else dialled,
        cdr.from_,
        cdr.call_type,
        cdr.service_number_type,
        cdr.usage_country,
        cdr.disposition,
        cdr.answered_ms,
        cdr.ended_ms,
        cdr.billsec,
        consumer,
    )
    if dialled is not None:
        said = (*said, cdr.to)
    elif consumer is None:
        said = said[:-1]
    return _crc32(_pack(said))


def command_content(command: r.Command) -> int:
    """Return the hash of all that a command says."""
    head = (VERSION, command.type, command.tenant_id, command.command_id)
    return crc32(_pack((*head, *projected(command, COMMAND_FIELDS[type(command)]))))


@cache
def _defaults(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return what each field is when nothing is said; to ask msgspec takes 100 us."""
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


def projected(record: msgspec.Struct, names: tuple[str, ...]) -> list[Any]:
    """Return the values of a record in this order: None for one at its default, and no such one at the end."""
    defaults = _defaults(type(record))
    values = [_value(getattr(record, name), defaults[name]) for name in names]
    while values and values[-1] is None:
        values.pop()
    return values


def _value(value: Any, default: Any) -> Any:
    if value == default and type(value) is type(default):
        return None
    if isinstance(value, datetime):
        return to_millis(value)
    if isinstance(value, tuple):
        return [_value(each, None) for each in value]
    names = COMMAND_FIELDS.get(type(value))
    return value if names is None else projected(value, names)
