"""Plan catalogs on their topic: what is written is read; what cannot be used is said with its field."""

import json
from typing import Any

import msgspec
import pytest

from rater.core.pricing.plans.catalog import Catalog
from rater.wire.plans.plan_records import decode_catalog, encode_catalog, plan_reader
from rater.wire.versions import BadVersion
from tests.plan_build import record
from topics.records.plans import CATALOG_BYTES_MAX


def written(**fields: Any) -> bytes:
    return json.dumps({**msgspec.to_builtins(record()), **fields}).encode()


def test_what_is_written_is_read() -> None:
    catalog = decode_catalog(written(version=7))

    assert isinstance(catalog, Catalog)
    assert (catalog.version, catalog.record.plans) == (7, record().plans)
    assert encode_catalog(catalog)[0] == b"7"
    assert decode_catalog(encode_catalog(catalog)[1]) == catalog


def test_one_instant_is_one_version_whatever_the_offset_it_was_written_with() -> None:
    utc = written(valid_from="2026-01-31T23:00:00Z")
    paris = written(valid_from="2026-02-01T00:00:00+01:00")

    assert decode_catalog(utc) == decode_catalog(paris)
    assert plan_reader().feed(b"1", utc) == decode_catalog(paris)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"{", "value: "),
        (b"\xff", "value: "),
        (written(valid_from="2026-03-01"), "valid_from: must be a time like"),
        (written(extra=1), "extra: is not a known field"),
        (written(zones=[]), "plans.BOTH.allowances.domestic.usage_zones: must be a zone"),
        (
            b" " * (CATALOG_BYTES_MAX + 1),
            f"value: must have at most {CATALOG_BYTES_MAX} bytes, found {CATALOG_BYTES_MAX + 1}",
        ),
    ],
    ids=["cut", "bytes", "time", "field", "zone", "large"],
)
def test_what_cannot_be_used_is_said_with_its_field(value: bytes, said: str) -> None:
    wrong = decode_catalog(value)

    assert isinstance(wrong, str)
    assert wrong.startswith(said)


def test_a_version_is_taken_once_and_no_other_under_its_number() -> None:
    reader = plan_reader()

    assert isinstance(reader.feed(b"1", written()), Catalog)
    assert reader.feed(b"1", written()) is None
    other = reader.feed(b"1", written(unpooled_prefixes=[]))
    assert isinstance(other, BadVersion)
    assert other.detail.startswith("version: 1 is known with other content")
