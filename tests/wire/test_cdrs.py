"""CDRs from bytes. What cannot be read is in the poison corpus; here is what can, and the edges."""

import json
from types import NoneType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.cdr import Cdr
from rater.core.times import EARLIEST_MS, to_text
from rater.wire.cdrs import decode_cdr, is_number, is_tenant_id
from rater.wire.malformed import Malformed, Why
from tests.build import HOUR, NOW, cdr_bytes, cdr_fields
from topics.fields import LATEST_MS
from topics.records.cdr import Cdr as CdrRecord


def read(**changes: Any) -> Cdr:
    found = decode_cdr(cdr_bytes(**changes))
    assert isinstance(found, Cdr), found
    return found


def test_the_seven_required_fields_are_enough() -> None:
    found = read()

    assert (found.version, found.kind, found.disposition) == (1, "final", "answered")
    assert (found.from_, found.call_type, found.usage_country) == (None, None, None)
    assert (found.answered_ms, found.ended_ms, found.billsec) == (NOW - 60_000, NOW, 60)


def test_every_field_that_decides_a_charge_is_read() -> None:
    found = read(
        **{"from": "+33142685300"},
        version=3,
        kind="correction",
        direction="in",
        call_type="conf_in",
        service_number_type="toll_free",
        usage_country="US",
        disposition="busy",
        answered_at=to_text(NOW - 50_000),
    )

    assert (found.version, found.kind, found.direction) == (3, "correction", "in")
    assert (found.from_, found.call_type) == ("+33142685300", "conf_in")
    assert (found.service_number_type, found.usage_country) == ("toll_free", "US")
    assert (found.disposition, found.answered_ms) == ("busy", NOW - 50_000)


def test_where_an_outgoing_call_leads_is_the_number_that_is_priced() -> None:
    here, there = "+33142685300", "+33612345678"
    for changes, found in (
        ({"routing_number": there}, (there, here)),
        ({"routing_number": here}, (here, None)),
        ({"routing_number": None}, (here, None)),
        ({"routing_number": there, "direction": "in"}, (here, None)),
        ({"routing_number": "+3361234****"}, ("+3361234****", here)),
    ):
        said = read(to=here, **changes)
        assert (said.to, said.dialled) == found, changes


def test_a_null_is_a_field_that_is_not_there() -> None:
    hints = get_type_hints(CdrRecord)
    optional = {
        field.encode_name: None
        for field in msgspec.structs.fields(CdrRecord)
        if NoneType in get_args(hints[field.name])
    }

    assert len(optional) == 14
    assert read(**optional) == read()


def test_unknown_fields_are_passed_over() -> None:
    assert read(note={"cdr_id": "x"}, legs=[1, {"to": 2}]) == read()


def test_blanks_and_the_order_of_fields_do_not_matter() -> None:
    fields = dict(reversed(cdr_fields().items()))
    pretty = json.dumps(fields, indent=4, separators=(" , ", " : ")).encode()

    assert decode_cdr(pretty) == read()


@pytest.mark.parametrize("blank", ["", " ", "\t", "\n", "\r", " \r\n\t "])
@pytest.mark.parametrize("name", sorted(cdr_fields()))
def test_a_field_that_is_there_twice_is_found_however_it_is_written(name: str, blank: str) -> None:
    value = json.dumps(cdr_fields()[name])
    twice = cdr_bytes()[:-1] + f', "{name}"{blank}:{value}}}'.encode()
    found = decode_cdr(twice)

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.DUPLICATE_FIELD, name)


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_an_optional_field_that_is_there_twice_is_found(blank: str) -> None:
    whole = cdr_bytes(version=1, source="a", answered_at=None)
    for name, value in (("version", "2"), ("source", '"b"'), ("answered_at", "null")):
        found = decode_cdr(whole[:-1] + f', "{name}"{blank}: {value}}}'.encode())

        assert isinstance(found, Malformed), name
        assert found.reason is Why.DUPLICATE_FIELD


def test_a_text_may_hold_quotes_and_colons() -> None:
    assert read(source='a":"b', **{"from": '"to":"+1"'}).from_ == '"to":"+1"'


@given(st.text(max_size=64))
def test_a_caller_is_any_text(caller: str) -> None:
    assert read(**{"from": caller}).from_ == (caller or None)


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"started_at": to_text(EARLIEST_MS - 1_000)}, "started_at"),
        ({"answered_at": "1970-01-01T00:00:00Z"}, "answered_at"),
        ({"ended_at": to_text(LATEST_MS)}, "ended_at"),
        ({"ended_at": to_text(NOW - HOUR)}, "ended_at"),
        ({"answered_at": to_text(NOW - HOUR)}, "answered_at"),
        ({"answered_at": to_text(NOW + 1)}, "ended_at"),
    ],
)
def test_times_are_in_order_and_in_our_century(times: dict[str, str], field: str) -> None:
    found = decode_cdr(cdr_bytes(**times))

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.BAD_TIME, field)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("+1", True),
        ("+123456789012345", True),
        ("+1234567890123456", False),
        ("+0123", False),
        ("+", False),
        ("+*", False),
        ("+33*", True),
        ("+33********", True),
        ("+33*********", False),
        ("+33**1", False),
        ("112", True),
        ("*#06#", True),
        ("0" * 15, True),
        ("0" * 16, False),
        ("+٣٣", False),
        ("٣٣", False),
        ("+33\n", False),
        ("1 2", False),
        ("33²", False),
    ],
)
def test_a_number_is_e164_perhaps_masked_or_short(text: str, good: bool) -> None:  # noqa: FBT001
    assert is_number(text) is good


def test_a_tenant_id_is_plain() -> None:
    assert is_tenant_id("Acme.eu_1:x@y-z")
    for text in ("acme/eu", "acme\n", "acmé", "a b", "a\0", "a*"):
        assert not is_tenant_id(text)
