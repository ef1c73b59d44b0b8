"""A load test reaches a secured Kafka by the variables of the services that it starts."""

import ssl
from pathlib import Path

import pytest

from deploy.kafka.certificates import Authority
from loadtest import clients
from loadtest.rater_command import CommandError
from rater.kafka.security import read

MUTUAL = (
    "SECURITY_PROTOCOL",
    "CA_FILE",
    "CERTIFICATE_FILE",
    "KEY_FILE",
    "SASL_MECHANISM",
    "USERNAME",
)


def say(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"RATER_KAFKA_{name}", value)


def test_nothing_said_is_plaintext() -> None:
    assert clients.options("a:1", None) == {
        "bootstrap_servers": "a:1",
        "security_protocol": "PLAINTEXT",
    }


def test_the_same_variables_mean_the_same_as_to_rater(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ca = Authority(tmp_path / "ca")
    own = ca.issue("load")
    (tmp_path / "password").write_text("open-sesame\n")
    values = (
        "SASL_SSL",
        str(ca.certificate),
        str(own.certificate),
        str(own.key),
        "SCRAM-SHA-512",
        "load",
    )
    given = dict(zip(MUTUAL, values, strict=True))
    say(monkeypatch, **given, PASSWORD_FILE=str(tmp_path / "password"), CHECK_HOSTNAME="false")
    ours = clients.options("a:1", None)
    theirs = read(
        {name.lower(): value for name, value in given.items()}, check_hostname=False
    ).options()
    contexts: list[ssl.SSLContext] = [ours.pop("ssl_context"), theirs.pop("ssl_context")]

    assert ours == {"bootstrap_servers": "a:1", **theirs}
    assert [context.check_hostname for context in contexts] == [False, False]
    assert [context.verify_mode for context in contexts] == [ssl.CERT_REQUIRED] * 2
    assert [len(context.get_ca_certs()) for context in contexts] == [1, 1]


def test_tokens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, SECURITY_PROTOCOL="SASL_PLAINTEXT", SASL_MECHANISM="OAUTHBEARER")

    with pytest.raises(CommandError, match="not OAUTHBEARER"):
        clients.options("a:1", None)
