"""Why a broker is not reached: found by one connection more, and said in one line. The true broker: tests/e2e."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from deploy.kafka.certificates import LOCAL, Authority
from rater.kafka.broker import Broker
from rater.kafka.refusal import (
    AddressError,
    NotReachedError,
    RefusedError,
    TlsRefusedError,
    UnreachableError,
    check_address,
    why_not,
)
from rater.kafka.rights import NotAllowedError, not_allowed
from rater.kafka.security import read
from rater.shell.process.refused import refusal
from tests.kafka.pki import authority, server_context, tls_server

FAILED = KafkaConnectionError("Unable to bootstrap")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """Give an address where connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def by_tls(address: str, ca_file: Path, **more: str) -> Broker:
    return Broker(address, read({"security_protocol": "SSL", "ca_file": str(ca_file), **more}))


async def test_nobody_at_any_address_is_told_with_all(nobody: str) -> None:
    found = await why_not(Broker(f"{nobody},localhost:1"), FAILED)

    assert isinstance(found, UnreachableError)
    assert str(found) == f"no Kafka broker answers at {nobody},localhost:1"


async def test_of_several_the_one_that_is_there_is_told(nobody: str, ca: Authority) -> None:
    with tls_server(server_context(ca)) as (port, _):
        other = authority(ca.folder / "other").certificate
        found = await why_not(by_tls(f"{nobody},127.0.0.1:{port}", other), FAILED)

    assert isinstance(found, TlsRefusedError)
    assert f"TLS to 127.0.0.1:{port} refused by us" in str(found)


async def test_each_trouble_of_a_certificate_is_told_apart(ca: Authority) -> None:
    cases = {
        "does not name 127.0.0.1": ca.issue("elsewhere", ["DNS:elsewhere.example"]),
        "has expired": ca.issue("expired", LOCAL, days=-1),
    }
    for why, own in cases.items():
        with tls_server(server_context(ca, own)) as (port, _):
            found = await why_not(by_tls(f"127.0.0.1:{port}", ca.certificate), FAILED)
        assert (
            f"the broker's certificate {why}; it is CN={own.certificate.stem}, issued by CN=Test CA"
            in str(found)
        )
        assert str(found).endswith(f"; we trust the CA file {ca.certificate}")


async def test_a_certificate_that_the_broker_wants_is_told_with_what_we_present(
    ca: Authority,
) -> None:
    stranger = authority(ca.folder / "stranger", "Strange CA").issue("me")
    pair = {"certificate_file": str(stranger.certificate), "key_file": str(stranger.key)}
    with tls_server(server_context(ca, wants_certificate=True)) as (port, _):
        without, refused = [
            await why_not(by_tls(f"127.0.0.1:{port}", ca.certificate, **more), FAILED)
            for more in ({}, pair)
        ]

    # A server of Python's may hang up before its alert is read; Kafka's does not: tests/e2e/test_secured_kafka.py.
    assert "no certificate" in str(without) or "we present none" in str(without)
    assert "the certificate CN=me, issued by CN=Strange CA, valid until " in str(refused)
    assert {type(without), type(refused)} == {TlsRefusedError}


async def test_a_plain_port_speaks_no_tls(ca: Authority) -> None:
    with tls_server(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as (port, _):
        # A server without a certificate ends every handshake.
        found = await why_not(by_tls(f"127.0.0.1:{port}", ca.certificate), FAILED)

    assert isinstance(found, RefusedError)


async def test_one_that_takes_connections_and_says_nothing_is_told(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rater.kafka.refusal.TRY_S", 0.3)
    found = await why_not(Broker(silent), FAILED)

    assert str(found).startswith(
        f"{silent} takes connections but does not let us in: it wants a login or TLS"
    )
    assert str(found).endswith("(RATER_KAFKA_SECURITY_PROTOCOL is PLAINTEXT)")


async def test_the_start_of_a_client_says_why(nobody: str) -> None:
    broker = Broker(nobody)
    consumer, producer, admin = broker.consumer(), broker.producer(), broker.admin()
    for client, stop in (
        (consumer, consumer.stop),
        (producer, producer.stop),
        (admin, admin.close),
    ):
        with pytest.raises(UnreachableError, match="no Kafka broker answers at 127"):
            await client.start()
        await stop()


@pytest.mark.parametrize(
    "address", ["localhost", "localhost:port", ":9092", "a b:1", "h:99999", "a:1,b"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="broker address must be host:port, found"):
        check_address(Broker(address))


def caused_by(cause: BaseException) -> KafkaError:
    error = KafkaError("Unexpected error")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TopicAuthorizationFailedError("cdr.raw.v1"), "Write on topic cdr.raw.v1"),
        (TopicAuthorizationFailedError({"b", "a"}), "Write on topic a, b"),
        (TopicAuthorizationFailedError(), "Write on topic (not said)"),
        (GroupAuthorizationFailedError("rater-charging"), "Read on group rater-charging"),
        (TransactionalIdAuthorizationFailed("rater-1"), "Write on transactional id rater-1"),
        (ClusterAuthorizationFailedError(), "more on the cluster"),
        (caused_by(GroupAuthorizationFailedError("g")), "Read on group g"),
        (NotAllowedError("User:me", "Create", "topic x"), "Create on topic x"),
    ],
)  # fmt: skip
def test_a_missing_right_is_told_with_who_what_and_on_what(error: KafkaError, told: str) -> None:
    assert str(not_allowed(error, "User:me")) == f"not allowed: User:me needs {told}"
    assert refusal(error, Broker("a:1")) is not None


def test_what_was_read_needs_read_and_other_errors_are_none() -> None:
    topic = TopicAuthorizationFailedError("cdr.raw.v1")

    assert str(not_allowed(topic, "User:me", on_topics="Read")).endswith(
        "needs Read on topic cdr.raw.v1"
    )
    assert not_allowed(KafkaConnectionError("gone"), "User:me") is None
    assert not_allowed(None, "User:me") is None


def test_what_a_service_ends_with_in_one_line() -> None:
    broker = Broker("a:1")

    assert refusal(caused_by(RefusedError("a:1 refuses")), broker) == "a:1 refuses"
    assert refusal(UnreachableError("no Kafka broker answers at a:1"), broker) is None
    assert refusal(NotReachedError("x"), broker) is None
    assert refusal(ValueError("x"), broker) is None
