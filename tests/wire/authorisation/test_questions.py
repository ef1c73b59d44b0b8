"""Requests: the same question as a query, a form or JSON; what cannot be read is said, never raised."""

from typing import Any

import msgspec
import pytest

from rater.core.authorisation.request import CallRequest
from rater.wire.authorisation.questions import (
    REQUEST_BYTES_MAX,
    BadRequest,
    CallQuestion,
    Release,
    read_question,
    read_release,
    request_of,
)
from tests.build import NOW

ASKED = {"tenant_id": "acme", "to": "+33612345678", "from": "+4930123456", "longest_s": 90}


def test_a_question_reads_alike_as_json_and_as_the_fields_of_a_query() -> None:
    of_json = read_question(msgspec.json.encode(ASKED | {"hold": True}))
    texts = {name: str(value) for name, value in ASKED.items()}
    of_query = read_question(texts | {"hold": "true", "user_id": "", "call_type": ""})

    assert isinstance(of_json, CallQuestion)
    assert of_json == of_query
    assert (of_json.from_, of_json.longest_s, of_json.hold) == ("+4930123456", 90, True)
    assert request_of(of_json, NOW) == CallRequest(
        "acme", "out", "+33612345678", "+4930123456", None, None, None, None, None, NOW
    )


@pytest.mark.parametrize(
    "name",
    [
        *("from", "call_type", "service_number_type", "usage_country", "user_id", "organizer_id"),
        "routing_number",
    ],
)
def test_an_empty_text_is_as_if_it_were_not_there(name: str) -> None:
    """A switch that fills a template sends what it does not know as nothing between quotes."""
    asked = {"tenant_id": "acme", "to": "+33612345678"}
    bare = read_question(msgspec.json.encode(asked))

    assert read_question(msgspec.json.encode(asked | {name: ""})) == bare
    assert read_question(asked | {name: ""}) == bare
    assert isinstance(bare, CallQuestion)


def test_a_plus_sign_that_a_query_took_for_a_blank_is_given_back() -> None:
    said = read_question({"tenant_id": "acme", "to": " 33612345678", "from": " 4930123456"})

    assert isinstance(said, CallQuestion)
    assert (said.to, said.from_) == ("+33612345678", "+4930123456")


def test_a_ported_number_is_priced_by_where_it_leads() -> None:
    ported = {**ASKED, "routing_number": "+33700000001"}
    said = read_question(msgspec.json.encode(ported))
    assert isinstance(said, CallQuestion)
    asked = request_of(said, NOW)
    assert (asked.to, asked.dialled) == ("+33700000001", "+33612345678")

    inward = read_question(msgspec.json.encode({**ported, "direction": "in"}))
    assert isinstance(inward, CallQuestion)
    assert (request_of(inward, NOW).to, request_of(inward, NOW).dialled) == ("+33612345678", None)


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (b'{"tenant_id":"acme","to":', "must be JSON: Input data was truncated"),
        (
            b'{"tenant_id":"acme","to":"\\ud800"}',
            "must be JSON: holds half a surrogate pair, which no text can hold",
        ),
        (
            {"hold": "true", "hold_id": "a b"},
            "hold_id: must be 1 to 64 letters, digits, - and _, as it was given, found 'a b'",
        ),
        ({"longest_s": "abc"}, 'longest_s: must be an integer, found "abc"'),
        ({"longest_s": "0"}, 'longest_s: must be at least 1, found "0"'),
        ({"direction": "sideways"}, 'direction: must be one of in, out, found "sideways"'),
        ({"hold_id": "h1"}, "hold_id: must come with hold=true"),
        ({"usr_id": "+33612345678"}, "usr_id: is not a known field (did you mean user_id?)"),
        (
            b'{"tenant_id":"acme","to":"+33612345678","colour":"+4930123456"}',
            "colour: is not a known field",
        ),
        (
            {"usage_country": "ZZ9"},
            "usage_country: must be two capital letters, as in DE, found 'ZZ9'",
        ),
    ],
)
def test_a_refusal_names_field_rule_and_what_was_found(
    given: bytes | dict[str, str], detail: str
) -> None:
    known = {"tenant_id": "acme", "to": "+33142685300"}
    asked = given if isinstance(given, bytes) else known | given

    assert read_question(asked) == BadRequest(detail)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"to": None}, "to"),
        ({"to": "sip:ann@example.com"}, "to"),
        ({"to": "33 612"}, "to"),
        ({"tenant_id": ""}, "tenant_id"),
        ({"tenant_id": "a/b"}, "tenant_id"),
        ({"direction": "sideways"}, "direction"),
        ({"usage_country": "Germany"}, "usage_country"),
        ({"longest_s": 0}, "longest_s"),
        ({"longest_s": 2_678_401}, "longest_s"),
        ({"hold_id": "a b"}, "hold_id"),
        ({"routing_number": "sip:x"}, "routing_number"),
        ({"call_type": "c" * 33}, "call_type"),
        ({"balance": 5}, "balance"),
    ],
)
def test_what_cannot_be_read_is_said_by_its_field(changes: dict[str, Any], word: str) -> None:
    fields = {name: value for name, value in (ASKED | changes).items() if value is not None}
    of_json = read_question(msgspec.json.encode(fields))
    of_query = read_question({name: str(value) for name, value in fields.items()})

    assert isinstance(of_json, BadRequest)
    assert isinstance(of_query, BadRequest)
    assert word in of_json.detail
    assert word in of_query.detail


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}" * REQUEST_BYTES_MAX])
def test_bytes_of_any_kind_are_no_exception(body: bytes) -> None:
    assert isinstance(read_question(body), BadRequest)
    assert isinstance(read_release(body), BadRequest)


def test_a_release_names_a_hold_and_how_long_the_call_lasted() -> None:
    assert read_release({"hold_id": "h-1", "duration_s": "61"}) == Release("h-1", 61)
    assert read_release(b'{"hold_id":"h-1"}') == Release("h-1")
    assert read_release({"hold_id": "h-1", "tenant_id": "acme"}) == Release("h-1", None, "acme")
    assert isinstance(read_release({"hold_id": "h-1", "tenant_id": "a b"}), BadRequest)
    assert isinstance(read_release({"hold_id": "h 1"}), BadRequest)
    assert isinstance(read_release({"hold_id": "h-1", "duration_s": "-1"}), BadRequest)
