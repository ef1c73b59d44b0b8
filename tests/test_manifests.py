"""The binary layout of a batch manifest."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.catalog import ACCOUNT_SOURCES, Topic
from topics.manifests import (
    CONTENT_MAX,
    DAY_MAX,
    ID_BYTES,
    PLACE_MAX,
    IdState,
    RememberedId,
    cdr_key,
    check_ids,
    command_key,
    join_manifest,
    pack_ids,
    split_manifest,
    unpack_ids,
)

GOLDEN = RememberedId(bytes(range(16)), 0x10111213, 0x2021222324, IdState.SUSPENDED, 0x3031)

remembered_ids = st.builds(
    RememberedId,
    hash=st.binary(min_size=16, max_size=16),
    content=st.integers(0, CONTENT_MAX),
    place=st.integers(0, PLACE_MAX),
    state=st.sampled_from(IdState),
    day=st.integers(0, DAY_MAX),
)
names = st.text(st.characters(exclude_categories=[]), max_size=4)
cdrs = st.tuples(names, names, st.integers(0, 12))


def test_the_layout_of_a_packed_id_is_the_published_one() -> None:
    expected = bytes(range(16)).hex() + "13121110" + "2423222120" + "02" + "3130"

    assert expected == pack_ids([GOLDEN]).hex()


@given(st.lists(remembered_ids))
def test_packed_ids_are_read_back_unchanged(ids: list[RememberedId]) -> None:
    packed = pack_ids(ids)

    assert ID_BYTES * len(ids) == len(packed)
    assert ids == unpack_ids(packed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hash", b"short"),
        ("content", CONTENT_MAX + 1),
        ("content", -1),
        ("place", PLACE_MAX + 1),
        ("place", -1),
        ("day", DAY_MAX + 1),
        ("state", 0),
    ],
)
def test_a_field_out_of_its_range_is_named_with_its_value(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(str(value))):
        pack_ids([GOLDEN._replace(**{field: value})])


def test_a_cut_off_id_is_refused() -> None:
    with pytest.raises(ValueError, match="27 bytes"):
        unpack_ids(pack_ids([GOLDEN])[:-1])


def test_an_unknown_state_is_refused() -> None:
    packed = bytearray(pack_ids([GOLDEN]))
    packed[25] = 9

    with pytest.raises(ValueError, match="9"):
        unpack_ids(bytes(packed))


@given(st.lists(remembered_ids, max_size=3))
def test_a_manifest_is_split_into_what_it_was_joined_of(ids: list[RememberedId]) -> None:
    header = {"first_offset": 5, "charged": 2, "note": "line\nbreak"}

    value = join_manifest(json.dumps(header).encode(), pack_ids(ids))

    assert (header, pack_ids(ids)) == split_manifest(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "no newline"),
        (b"{}", "no newline"),
        (b"\n", "not JSON"),
        (b"{\n", "not JSON"),
        (b"\xff\n", "not JSON"),
        (b'{"a": NaN}\n', "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deep"),
        (b"[1]\n", "must be a JSON object"),
    ],
)
def test_bytes_that_are_no_manifest_are_refused_with_the_reason(value: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        split_manifest(value)


@pytest.mark.parametrize(
    ("header", "ids"),
    [
        ({"ids": 1}, b"123"),
        ({"ids": 1}, bytes(29)),
        ({"ids": 2}, bytes(28)),
        ({}, b""),
        ({"ids": None}, b""),
        ({"ids": "1"}, bytes(28)),
        ({"ids": {}}, bytes(28)),
        ({"ids": True}, bytes(28)),
    ],
)
def test_ids_that_are_not_as_many_as_the_header_says_are_refused(
    header: dict[str, Any], ids: bytes
) -> None:
    with pytest.raises(ValueError, match="of 28 bytes, as the header says"):
        check_ids(header, ids)


@given(st.binary())
def test_splitting_any_bytes_fails_in_no_other_way(value: bytes) -> None:
    with contextlib.suppress(ValueError):
        header, ids = split_manifest(value)

        assert value.endswith(b"\n" + ids)
        assert isinstance(header, dict)


@pytest.mark.parametrize(("header", "ids"), [(b"{\n}", b""), (b"{}", b"1")])
def test_what_could_not_be_split_is_not_joined(header: bytes, ids: bytes) -> None:
    with pytest.raises(ValueError, match="manifest"):
        join_manifest(header, ids)


@given(cdrs, cdrs)
def test_no_two_cdrs_share_a_key(cdr: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    assert (cdr == other) == (cdr_key(*cdr) == cdr_key(*other))


@given(st.sampled_from(ACCOUNT_SOURCES), names, names, st.integers(0, 12))
def test_a_command_and_a_cdr_never_share_a_key(
    topic: Topic, tenant: str, name: str, version: int
) -> None:
    assert command_key(topic.name, tenant, name) != cdr_key(tenant, name, version)


def test_the_ids_of_one_topic_are_not_those_of_another() -> None:
    """Who may only ask must not be able to use up the ids of those who bring money."""
    keys = {command_key(topic.name, "acme", "f1") for topic in ACCOUNT_SOURCES}

    assert len(keys) == len(ACCOUNT_SOURCES)
