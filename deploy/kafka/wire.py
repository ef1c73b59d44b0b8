"""A few of Kafka's requests, by hand: what a secured broker is set up with before anybody can log in to it.

An administrator who shows a certificate needs no login. Standard library only.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
import ssl
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Self

from deploy.kafka.address import nodes_of
from deploy.kafka.distribution import BrokerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from deploy.kafka.certificates import Certificate

TIMEOUT_S = 10.0
CLIENT = b"rater-setup"
METADATA, SASL_HANDSHAKE, CREATE_ACLS, SASL_AUTHENTICATE, ALTER_USER_SCRAM = 3, 17, 30, 36, 51
SCRAM_SHA_512 = 2
ITERATIONS = 4096
RESOURCES = {"TOPIC": 2, "GROUP": 3, "CLUSTER": 4, "TRANSACTIONAL_ID": 5}
PATTERNS = {"LITERAL": 3, "PREFIXED": 4}
OPERATIONS = {
    "ALL": 2, "READ": 3, "WRITE": 4, "CREATE": 5, "DELETE": 6, "ALTER": 7, "DESCRIBE": 8, "CLUSTER_ACTION": 9,
    "DESCRIBE_CONFIGS": 10, "ALTER_CONFIGS": 11, "IDEMPOTENT_WRITE": 12,
}  # fmt: skip
ALLOW = 3
"""Numbers of Kafka's protocol: `ResourceType`, `PatternType`, `AclOperation`, `AclPermissionType`."""


class Wire:
    """One connection; errors of it are OSError, answers that are none struct.error."""

    def __init__(self, connection: socket.socket, reply: BinaryIO) -> None:
        self._connection = connection
        self._reply = reply

    @classmethod
    @contextmanager
    def to(cls, address: str, tls: ssl.SSLContext, timeout_s: float = TIMEOUT_S) -> Iterator[Self]:
        """Connect to `host:port` by TLS, for as long as the context lasts."""
        host, _, port = address.rpartition(":")
        with (
            socket.create_connection((host, int(port)), timeout_s) as plain,
            tls.wrap_socket(plain, server_hostname=host) as connection,
            connection.makefile("rb") as reply,
        ):
            yield cls(connection, reply)

    def ask(self, key: int, version: int, body: bytes, *, flexible: bool = False) -> bytes:
        """Send one request, and return the answer behind its header."""
        head = struct.pack(">hhi", key, version, 1) + _text(CLIENT.decode())
        request = head + (b"\0" if flexible else b"") + body
        self._connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", self._exactly(4))
        return self._exactly(size)[5 if flexible else 4 :]

    def _exactly(self, size: int) -> bytes:
        answer = self._reply.read(size)
        if len(answer) < size:
            raise ConnectionError(f"hung up after {len(answer)} of {size} bytes of an answer")
        return answer

    def live_nodes(self) -> frozenset[int]:
        """Return the ids of the brokers that the controller counts among the living."""
        return nodes_of(self.ask(METADATA, 1, struct.pack(">i", 0)))

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Make users of SCRAM-SHA-512, or give those that are there their passwords."""
        rows = b"".join(_scram_row(name, text) for name, text in passwords.items())
        body = _count(0) + _count(len(passwords)) + rows + b"\0"
        answer = self.ask(ALTER_USER_SCRAM, 0, body, flexible=True)
        if refused := {code for code in _errors(answer) if code}:
            raise BrokerError(f"users of SCRAM were not made: errors {sorted(refused)} of Kafka")

    def knows(self, user: str) -> bool:
        """Say whether a login of SCRAM-SHA-512 may begin: whether the user has arrived at the broker."""
        mechanism = "SCRAM-SHA-512"
        self.ask(SASL_HANDSHAKE, 1, _text(mechanism))
        first = f"n,,n={user},r={secrets.token_hex(12)}".encode()
        answer = self.ask(SASL_AUTHENTICATE, 0, struct.pack(">i", len(first)) + first)
        return answer[:2] == b"\0\0"

    def grant(self, rules: Sequence[Mapping[str, str]]) -> None:
        """Add access rules, as `rater topics acls --format json` writes them; BrokerError when one is refused."""
        body = struct.pack(">i", len(rules)) + b"".join(_rule_row(rule) for rule in rules)
        answer = self.ask(CREATE_ACLS, 1, body)
        (count,), at = struct.unpack_from(">i", answer, 4), 8
        for _ in range(count):
            code, length = struct.unpack_from(">hh", answer, at)
            message = answer[at + 4 : at + 4 + max(length, 0)].decode()
            at += 4 + max(length, 0)
            if code:
                raise BrokerError(f"access rules refused: {message} ({code})")


def administrator(ca: Path, own: Certificate) -> ssl.SSLContext:
    """Make the context of somebody who shows a certificate."""
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(own.certificate, own.key)
    return context


def visitor(ca: Path) -> ssl.SSLContext:
    """Make the context of somebody who shows none."""
    return ssl.create_default_context(cafile=ca)


def _scram_row(name: str, password: str) -> bytes:
    salt = secrets.token_bytes(24)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    numbers = struct.pack(">bi", SCRAM_SHA_512, ITERATIONS)
    return _compact(name.encode()) + numbers + _compact(salt) + _compact(salted) + b"\0"


def _rule_row(rule: Mapping[str, str]) -> bytes:
    resource = RESOURCES[rule["resource_type"]], PATTERNS[rule["pattern_type"]]
    return (
        struct.pack(">b", resource[0]) + _text(rule["name"]) + struct.pack(">b", resource[1])
        + _text(rule["principal"]) + _text(rule["host"])
        + struct.pack(">bb", OPERATIONS[rule["operation"]], ALLOW)
    )  # fmt: skip


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _compact(data: bytes) -> bytes:
    return _count(len(data)) + data


def _count(count: int) -> bytes:
    """Write a length as newer requests do: one more, in sevens of bits, the lowest first."""
    number, written = count + 1, b""
    while number > 127:  # noqa: PLR2004
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


def _read_count(data: bytes, at: int) -> tuple[int, int]:
    """Return a length, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004
            return number - 1, at


def _errors(answer: bytes) -> Iterable[int]:
    """Yield the error codes of an answer to ALTER_USER_SCRAM: behind the throttle time, rows of user, code, message."""
    count, at = _read_count(answer, 4)
    for _ in range(count):
        length, at = _read_count(answer, at)
        (code,) = struct.unpack_from(">h", answer, at + length)
        message, at = _read_count(answer, at + length + 2)
        at += max(message, 0) + 1
        yield code
