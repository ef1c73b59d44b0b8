"""Plan catalogs on their topic: versions, each a record of its own (`wire/versions`)."""

import msgspec

from rater.core.pricing.plans.catalog import Catalog
from rater.core.times import to_text
from rater.wire.demands import shown
from rater.wire.malformed import undecodable
from rater.wire.moments import read_moment
from rater.wire.plans.plan_faults import Fault, faults
from rater.wire.versions import VersionReader
from topics.records import PlanCatalog
from topics.records.plans import CATALOG_BYTES_MAX

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PlanCatalog).decode


def plan_reader() -> VersionReader[Catalog]:
    """Return a reader of the topic that has read nothing yet."""
    return VersionReader(decode_catalog)


def decode_catalog(value: bytes) -> Catalog | str:
    """Return the version in a record's value, or what is wrong with it."""
    read = read_catalog(value)
    return read if isinstance(read, Catalog) else "; ".join(each.text for each in read)


def read_catalog(value: bytes) -> Catalog | list[Fault]:
    """Return the version in a record's value, or each thing that is wrong with it."""
    if len(value) > CATALOG_BYTES_MAX:
        return _bad(f"value: must have at most {CATALOG_BYTES_MAX} bytes, found {len(value)}")
    try:
        record = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = undecodable(value, error, PlanCatalog)
        return _bad(f"{why.field or 'value'}: {why.detail}")
    since_ms = read_moment(record.valid_from)
    if since_ms is None:
        found = shown(record.valid_from)
        return _bad(f"valid_from: must be a time like 2026-01-31T23:00:00Z, found {found}")
    if wrong := faults(record):
        return wrong
    # One instant has one text: a version loaded again is the same whatever offset it was written with.
    return Catalog(since_ms, msgspec.structs.replace(record, valid_from=to_text(since_ms)))


def _bad(text: str) -> list[Fault]:
    return [Fault("bad_field", text)]


def encode_catalog(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return key and value of a version's record."""
    return str(catalog.version).encode(), _encode(catalog.record)
