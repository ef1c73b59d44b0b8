"""Faust reaches a secured broker as our own clients do: the same options, made by it of what it is given."""

from pathlib import Path

import faust
import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from deploy.kafka.certificates import Authority
from rater.kafka.broker import Broker
from rater.kafka.security import Security, read
from rater.shell.stream.faust_broker import broker_of, faust_options
from rater.shell.stream.faust_settings import faust_settings

PASSWORD = "open-sesame-1"  # noqa: S105


@pytest.fixture(
    params=["PLAINTEXT", "SSL", "password", "password over TLS", "token", "token over TLS"]
)
def security(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Security:
    kind = str(request.param)
    ca_file = str(Authority(tmp_path / "ca").certificate)
    given = {"security_protocol": kind}
    if kind.startswith(("password", "token")):
        given["security_protocol"] = "SASL_SSL" if kind.endswith("TLS") else "SASL_PLAINTEXT"
    if kind.startswith("password"):
        monkeypatch.setenv("RATER_KAFKA_PASSWORD", PASSWORD)
        given |= {"sasl_mechanism": "SCRAM-SHA-512", "username": "charging"}
    if kind.startswith("token"):
        monkeypatch.setenv("RATER_KAFKA_CLIENT_SECRET", PASSWORD)
        given |= {
            "sasl_mechanism": "OAUTHBEARER",
            "token_url": "https://x/",
            "client_id": "charging",
        }
    if given["security_protocol"].endswith("SSL"):
        given["ca_file"] = ca_file
    return read(given)


def test_faust_makes_the_options_of_every_client(security: Security) -> None:
    credentials = faust_options(Broker("a:1", security)).get("broker_credentials")
    made = credentials_to_aiokafka_auth(credentials)

    assert {name: value for name, value in made.items() if value is not None} == security.options()


def test_the_broker_is_read_back_from_the_app(security: Security) -> None:
    broker = Broker("a:1,b:2", security)
    app = faust.App("test-faust-broker", **faust_settings(broker))

    assert broker_of(app) == broker
    assert PASSWORD not in repr(app.conf.broker_credentials)
