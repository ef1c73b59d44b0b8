"""What a secured broker is set up with, byte by byte: requests as Kafka frames them, and answers of every kind."""

from __future__ import annotations

import hashlib
import io
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from aiokafka.protocol.admin import CreateAclsRequest_v1
from hypothesis import given
from hypothesis import strategies as st

from deploy.kafka import wire
from deploy.kafka.certificates import LOCAL, Authority
from deploy.kafka.distribution import BrokerError
from deploy.kafka.wire import Wire, administrator, visitor
from topics.access import rules

if TYPE_CHECKING:
    from pathlib import Path

RULE = {
    "principal": "User:charging", "host": "*", "resource_type": "TOPIC", "name": "cdr.raw.v1",
    "pattern_type": "LITERAL", "operation": "READ", "permission": "ALLOW",
}  # fmt: skip
PASSWORD = "open-sesame-1"  # noqa: S105
NO_THROTTLE = struct.pack(">i", 0)


class Line:
    """A connection that keeps what is sent, and answers what it was told to."""

    def __init__(self, *answers: bytes) -> None:
        self.sent = b""
        self._answers = io.BytesIO(
            b"".join(struct.pack(">i", len(each) + 4) + b"\0\0\0\1" + each for each in answers)
        )

    def sendall(self, data: bytes) -> None:
        self.sent += data

    @property
    def wire(self) -> Wire:
        return Wire(self, self._answers)  # type: ignore[arg-type]


def told(code: int, message: str = "") -> bytes:
    """Return one row of an answer about access rules; Kafka's message may be absent."""
    length = struct.pack(">h", len(message) if message else -1)
    return struct.pack(">h", code) + length + message.encode()


def scram_answer(*codes: int) -> bytes:
    """Return an answer about users, of a flexible version: a tagged field behind the header and each row."""
    rows = b"".join(
        wire._compact(b"user") + struct.pack(">h", code) + (b"\0" if code == 0 else wire._compact(b"no")) + b"\0"
        for code in codes
    )  # fmt: skip
    return b"\0" + NO_THROTTLE + wire._count(len(codes)) + rows + b"\0"


def test_a_request_is_framed_and_the_answer_is_what_lies_behind_its_header() -> None:
    line = Line(b"the answer")

    assert line.wire.ask(17, 1, b"body") == b"the answer"
    size, key, version, correlation = struct.unpack_from(">ihhi", line.sent)
    assert (size, key, version, correlation) == (len(line.sent) - 4, 17, 1, 1)
    assert line.sent[12:] == b"\0\x0brater-setup" + b"body"


def test_a_request_of_a_flexible_version_has_a_tag_behind_its_header() -> None:
    line = Line(b"\0answer")

    assert line.wire.ask(51, 0, b"body", flexible=True) == b"answer"
    assert line.sent.endswith(b"rater-setup\0body")


@pytest.mark.parametrize(
    "answer", [b"", b"\0\0", struct.pack(">i", 100) + b"\0" * 5 + NO_THROTTLE + wire._count(3)]
)
def test_an_answer_that_is_cut_off_is_an_error_of_the_connection(answer: bytes) -> None:
    asking = Wire(Line(), io.BytesIO(answer))  # type: ignore[arg-type]

    with pytest.raises(ConnectionError, match="hung up after"):
        asking.set_passwords({"charging": PASSWORD})


def test_an_answer_that_is_too_short_is_none() -> None:
    with pytest.raises(struct.error):
        Line(b"\0").wire.live_nodes()


def test_brokers_are_named_by_their_numbers_with_a_rack_or_without() -> None:
    one = struct.pack(">ih", 1, 9) + b"127.0.0.1" + struct.pack(">ih", 9092, -1)
    seven = struct.pack(">ih", 7, 5) + b"other" + struct.pack(">ih", 9093, 2) + b"eu"

    found = Line(struct.pack(">i", 2) + one + seven + b"more of it").wire.live_nodes()

    assert found == {1, 7}


def test_a_password_is_sent_salted_and_never_as_it_is() -> None:
    line = Line(scram_answer(0))

    line.wire.set_passwords({"charging": PASSWORD})

    assert PASSWORD.encode() not in line.sent
    row = line.sent.partition(b"charging")[2]
    mechanism, iterations = struct.unpack_from(">bi", row)
    size, at = wire._read_count(row, 5)
    salt = row[at : at + size]
    size, at = wire._read_count(row, at + size)
    assert (mechanism, iterations) == (2, 4096)
    assert len(salt) == 24
    assert row[at : at + size] == hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, iterations)


def test_users_that_are_not_made_are_an_error_with_kafkas_numbers_and_no_password() -> None:
    with pytest.raises(BrokerError, match=r"errors \[31, 87\] of Kafka") as error:
        Line(scram_answer(0, 87, 31)).wire.set_passwords({"charging": PASSWORD})

    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(("code", "knows"), [(0, True), (58, False)])
def test_a_user_is_known_when_a_login_may_begin(code: int, knows: bool) -> None:  # noqa: FBT001
    line = Line(struct.pack(">h", 0), struct.pack(">h", code) + b"more of it")

    assert line.wire.knows("charging") is knows
    assert b"n,,n=charging,r=" in line.sent


def test_rules_are_written_as_kafkas_own_clients_write_them() -> None:
    line = Line(NO_THROTTLE + struct.pack(">i", 2) + told(0) * 2)
    other = RULE | {"resource_type": "TRANSACTIONAL_ID", "name": "rater-", "pattern_type": "PREFIXED"}  # fmt: skip

    line.wire.grant([RULE, other])

    theirs = CreateAclsRequest_v1(
        creations=[
            (2, "cdr.raw.v1", 3, "User:charging", "*", 3, 3),
            (5, "rater-", 4, "User:charging", "*", 3, 3),
        ]
    )
    assert line.sent.endswith(b"rater-setup" + theirs.encode())


def test_every_rule_of_the_catalog_can_be_written() -> None:
    for rule in rules():
        assert rule.resource_type in wire.RESOURCES
        assert rule.pattern_type in wire.PATTERNS
        assert rule.operation in wire.OPERATIONS


def test_a_rule_that_is_refused_is_told_in_kafkas_words() -> None:
    answer = NO_THROTTLE + struct.pack(">i", 3) + told(0) + told(42, "Invalid host") + told(0)

    with pytest.raises(BrokerError, match=r"access rules refused: Invalid host \(42\)"):
        Line(answer).wire.grant([RULE] * 3)


@given(count=st.integers(min_value=0, max_value=2**28))
def test_a_length_is_read_as_it_was_written(count: int) -> None:
    written = wire._count(count)

    assert wire._read_count(b"xx" + written + b"yy", 2) == (count, 2 + len(written))


@pytest.mark.parametrize(
    ("count", "written"), [(0, b"\x01"), (126, b"\x7f"), (127, b"\x80\x01"), (16_383, b"\x80\x80\x01")]
)  # fmt: skip
def test_a_length_is_one_more_in_sevens_of_bits(count: int, written: bytes) -> None:
    assert wire._count(count) == written


def test_nobody_there_and_nobody_who_speaks_tls_are_errors_of_the_connection(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    own = administrator(authority.certificate, authority.issue("admin", LOCAL))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(OSError), Wire.to(address, own, timeout_s=0.2):  # noqa: PT011
            pass
    with pytest.raises(OSError), Wire.to(address, visitor(authority.certificate), 0.2):  # noqa: PT011
        pass
