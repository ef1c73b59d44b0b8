"""A choice among what was said under one id: it is written as the next version, all else as it was."""

import json
from typing import Any

import pytest

from rater.core.cdr import Cdr
from rater.shell.dead_letters.choice import as_taken, chosen, content_of, next_version
from rater.shell.dead_letters.original import Original, Outgoing, rekeyed
from rater.wire.cdrs import decode_cdr
from tests.build import cdr_bytes, settings_version
from tests.shell.dead_letters.letters import ACME
from topics.catalog import CDR_RAW

HEADERS = (("trace", b"1"),)
PARTITIONS = 8


def original(value: bytes, key: bytes | None = b"acme", partition: int = ACME) -> Original:
    return Original(key, value, HEADERS, partition)


def outgoing_of(value: bytes, content: str | None = None) -> Outgoing | str:
    return chosen(CDR_RAW, original(value), content or content_of(value), PARTITIONS)


def test_what_was_chosen_is_written_as_the_next_version() -> None:
    value = cdr_bytes(billsec=61)
    found = outgoing_of(value)

    assert isinstance(found, Outgoing)
    assert (found.key, found.partition, found.headers) == (b"acme", ACME, HEADERS)
    assert found.is_corrected
    before, after = json.loads(value), json.loads(found.value)
    assert after == {**before, "version": 2, "kind": "correction"}


@pytest.mark.parametrize("kind", ["final", "correction", "void"])
@pytest.mark.parametrize("version", [1, 2, 999_999])
def test_a_version_is_one_higher_whatever_it_was(kind: str, version: int) -> None:
    value = cdr_bytes(version=version, kind=kind)
    cdr = decode_cdr(value)
    assert isinstance(cdr, Cdr)
    again = decode_cdr(next_version(value, cdr))

    assert isinstance(again, Cdr)
    assert again.version == version + 1
    assert again.kind == ("correction" if kind == "final" else kind)


def test_fields_that_nobody_knows_stay_as_they_were_written() -> None:
    value = cdr_bytes()[:-1] + b', "mine": {"x": 1.50, "y": "\\u00e9"}}'
    cdr = decode_cdr(value)
    assert isinstance(cdr, Cdr)

    assert b'{"x": 1.50, "y": "\\u00e9"}' in next_version(value, cdr)


def test_where_corrections_are_not_taken_nothing_is_written_and_the_letter_stays() -> None:
    found = outgoing_of(cdr_bytes())

    assert as_taken(found, settings_version()) == found
    why = as_taken(found, settings_version(corrections=False))
    assert isinstance(why, str)
    assert "take no corrections" in why
    other = outgoing_of(cdr_bytes(), "00000000")
    assert as_taken(other, settings_version(corrections=False)) == other


def test_what_was_not_chosen_stays() -> None:
    value = cdr_bytes()
    for content in (None, "00000000"):
        why = chosen(CDR_RAW, original(value), content, PARTITIONS)
        assert isinstance(why, str)
        assert f"its content is {content_of(value)}" in why


def test_the_last_version_of_all_has_no_next_one() -> None:
    why = outgoing_of(cdr_bytes(version=1_000_000))

    assert isinstance(why, str)
    assert "version" in why


def test_what_cannot_be_read_is_no_choice() -> None:
    assert chosen(CDR_RAW, original(b"{"), None, PARTITIONS) == "it is no CDR that can be read"


@pytest.mark.parametrize("changes", [{"billsec": 61}, {"to": "+33612345679"}])
def test_other_contents_have_other_names(changes: dict[str, Any]) -> None:
    assert content_of(cdr_bytes(**changes)) != content_of(cdr_bytes())
    assert content_of(cdr_bytes(source="sw9")) == content_of(cdr_bytes())


@pytest.mark.parametrize("key", [None, b"bolt", b"acme"])
def test_what_is_misrouted_gets_its_right_key_and_stays_as_it_was(key: bytes | None) -> None:
    found = rekeyed(CDR_RAW, original(cdr_bytes(), key, 5), PARTITIONS)

    assert found == Outgoing(CDR_RAW, b"acme", cdr_bytes(), HEADERS, ACME)


def test_what_is_misrouted_and_cannot_be_read_stays() -> None:
    assert isinstance(rekeyed(CDR_RAW, original(b"{"), PARTITIONS), str)
