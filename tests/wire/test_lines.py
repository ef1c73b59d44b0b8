"""Lines: records as JSON that loses nothing."""

import json

from rater.wire.lines import Line


def line(value: bytes | None) -> bytes:
    return Line("t", 0, 1, 2, b"acme", value).as_text()


def test_json_is_shown_as_it_stands() -> None:
    assert b'"value":{"a": 1.10, "b": 12345678901234567890123}' in line(
        b'{"a": 1.10, "b": 12345678901234567890123}'
    )


def test_json_of_several_lines_becomes_one() -> None:
    assert json.loads(line(b'{"a":\n1}'))["value"] == {"a": 1}
    assert b"\n" not in line(b'{"a":\n1}')


def test_text_is_text_and_other_bytes_are_base64() -> None:
    assert json.loads(line(b"{not json"))["value"] == "{not json"
    assert json.loads(line(b"\xff"))["value_b64"] == "/w=="
    assert json.loads(line(None))["value"] is None
