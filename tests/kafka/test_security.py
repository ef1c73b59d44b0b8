"""The settings of a secured Kafka: what clients get of them, and what is refused, by the field that is wrong."""

import traceback
from pathlib import Path

import pytest

from deploy.kafka.certificates import Authority, Certificate
from rater.kafka.broker import Broker
from rater.kafka.security import PLAINTEXT, SECRETS, SETTINGS, Security, read
from rater.kafka.setting_error import SettingError, variable
from rater.secret import SecretError
from tests.kafka.pki import authority

PASSWORD = "open-sesame-1"  # noqa: S105
SCRAM = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "SCRAM-SHA-512",
    "username": "charging",
}
TOKEN = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "OAUTHBEARER",
    "token_url": "https://login.example/token",
    "client_id": "rater-charging",
}


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(variable(name), raising=False)
        monkeypatch.delenv(f"{variable(name)}_FILE", raising=False)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def own(ca: Authority) -> Certificate:
    return ca.issue("rater-charging")


def set_secret(monkeypatch: pytest.MonkeyPatch, name: str, text: str = PASSWORD) -> None:
    monkeypatch.setenv(variable(name), text)


def test_nothing_said_is_plaintext() -> None:
    assert read({}) == PLAINTEXT
    assert read({"username": "", "ca_file": " "}) == PLAINTEXT
    assert Broker("a:1").options() == {"bootstrap_servers": "a:1", "security_protocol": "PLAINTEXT"}
    assert PLAINTEXT.principal() == "User:ANONYMOUS"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_is_what_aiokafka_gets(monkeypatch: pytest.MonkeyPatch, mechanism: str) -> None:
    set_secret(monkeypatch, "password")
    security = read({**SCRAM, "sasl_mechanism": mechanism})

    assert security.options() == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "charging",
        "sasl_plain_password": PASSWORD,
    }
    assert security.principal() == "User:charging"


def test_a_password_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("RATER_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    assert read(SCRAM).options()["sasl_plain_password"] == PASSWORD
    (tmp_path / "password").unlink()
    with pytest.raises(SecretError, match="RATER_KAFKA_PASSWORD_FILE: cannot read"):
        read(SCRAM)


def test_tls_has_one_context_for_all_clients(ca: Authority, own: Certificate) -> None:
    broker = Broker(
        "a:1",
        read(
            {
                "security_protocol": "SSL",
                "ca_file": str(ca.certificate),
                "certificate_file": str(own.certificate),
                "key_file": str(own.key),
            }
        ),
    )
    contexts = {id(broker.options()["ssl_context"]) for _ in range(3)}

    assert len(contexts) == 1
    assert broker.security.principal() == "User:CN=rater-charging"


def test_tls_of_a_login_trusts_this_machine_where_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_secret(monkeypatch, "password")
    security = read({**SCRAM, "security_protocol": "SASL_SSL"}, check_hostname=False)

    assert security.tls
    assert not security.tls.context.check_hostname
    assert security.tls.files.trust() == "the CAs of this machine"


def test_a_token_is_asked_for_by_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    set_secret(monkeypatch, "client_secret")
    security = read({**TOKEN, "scope": "kafka"})

    assert security.options()["sasl_mechanism"] == "OAUTHBEARER"
    source = security.options()["sasl_oauth_token_provider"].source
    assert (source.url, source.client_id, source.scope) == (
        TOKEN["token_url"],
        "rater-charging",
        "kafka",
    )
    assert security.principal() == "User:rater-charging"


async def test_every_client_takes_what_is_made(
    monkeypatch: pytest.MonkeyPatch, ca: Authority
) -> None:
    set_secret(monkeypatch, "password")
    security = read({**SCRAM, "security_protocol": "SASL_SSL", "ca_file": str(ca.certificate)})
    broker = Broker("a:1", security)
    consumer, producer, admin = broker.consumer(), broker.producer(), broker.admin()
    clients = [consumer._client, producer.client, admin._client]
    for stop in (consumer.stop, producer.stop, admin.close):
        await stop()

    assert [client._sasl_mechanism for client in clients] == ["SCRAM-SHA-512"] * 3
    assert {client._ssl_context for client in clients} == {security.options()["ssl_context"]}


WRONG: list[tuple[dict[str, str], tuple[str, ...], str]] = [
    (
        {"security_protocol": "TLS"}, (),
        "RATER_KAFKA_SECURITY_PROTOCOL must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL, found 'TLS'",
    ),
    (
        {"security_protocol": "SASL_SSL"}, (),
        "RATER_KAFKA_SASL_MECHANISM must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, found nothing",
    ),
    (
        {**SCRAM, "sasl_mechanism": "GSSAPI"}, (),
        "RATER_KAFKA_SASL_MECHANISM must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, found 'GSSAPI'",
    ),
    (
        {**SCRAM, "username": ""}, ("password",),
        "RATER_KAFKA_USERNAME must be set for SCRAM-SHA-512, found nothing",
    ),
    (
        {**SCRAM, "username": "a\x00b"}, ("password",),
        "RATER_KAFKA_USERNAME must be printable text, found 'a\\x00b'",
    ),
    (
        SCRAM, (),
        ("RATER_KAFKA_PASSWORD must be set for SCRAM-SHA-512, or RATER_KAFKA_PASSWORD_FILE name a "
         "file with it, found nothing"),
    ),
    (
        {}, ("password",),
        ("RATER_KAFKA_PASSWORD must be left out, or RATER_KAFKA_SECURITY_PROTOCOL be SASL_PLAINTEXT or SASL_SSL, "
         "found it beside PLAINTEXT"),
    ),
    (
        {"security_protocol": "SSL", "username": "charging"}, (),
        ("RATER_KAFKA_USERNAME must be left out, or RATER_KAFKA_SECURITY_PROTOCOL be SASL_PLAINTEXT or SASL_SSL, "
         "found it beside SSL"),
    ),
    (
        {**SCRAM, "ca_file": "ca.pem"}, ("password",),
        ("RATER_KAFKA_CA_FILE must be left out, or RATER_KAFKA_SECURITY_PROTOCOL be SSL or SASL_SSL, "
         "found it beside SASL_PLAINTEXT"),
    ),
    (
        {"security_protocol": "SSL", "key_file": "key.pem"}, (),
        "RATER_KAFKA_KEY_FILE must be set beside RATER_KAFKA_CERTIFICATE_FILE, found it alone",
    ),
    (
        {"security_protocol": "SSL"}, ("key_password",),
        "RATER_KAFKA_KEY_PASSWORD must be set beside RATER_KAFKA_CERTIFICATE_FILE, found it alone",
    ),
    (
        {**SCRAM, "token_url": "https://x/"}, ("password",),
        "RATER_KAFKA_TOKEN_URL must be left out, or RATER_KAFKA_SASL_MECHANISM another, found it beside SCRAM-SHA-512",
    ),
    (
        {**TOKEN, "username": "charging"}, ("client_secret",),
        "RATER_KAFKA_USERNAME must be left out, or RATER_KAFKA_SASL_MECHANISM another, found it beside OAUTHBEARER",
    ),
    (
        {**TOKEN, "token_url": ""}, ("client_secret",),
        "RATER_KAFKA_TOKEN_URL must be set for OAUTHBEARER, found nothing",
    ),
    (
        {**TOKEN, "client_id": ""}, ("client_secret",),
        "RATER_KAFKA_CLIENT_ID must be set for OAUTHBEARER, found nothing",
    ),
    (
        TOKEN, (),
        ("RATER_KAFKA_CLIENT_SECRET must be set for OAUTHBEARER, or RATER_KAFKA_CLIENT_SECRET_FILE name a "
         "file with it, found nothing"),
    ),
    (
        {**TOKEN, "token_url": "login.example"}, ("client_secret",),
        "RATER_KAFKA_TOKEN_URL must be an address https://host/path, found 'login.example'",
    ),
    (
        {**TOKEN, "token_url": "http://login.example/token"}, ("client_secret",),
        "RATER_KAFKA_TOKEN_URL must be https, but for this machine itself, found 'http://login.example/token'",
    ),
    (
        {**TOKEN, "token_url": f"https://me:{PASSWORD}@login.example/"}, ("client_secret",),
        "RATER_KAFKA_TOKEN_URL must be an address without a login, found one of login.example with a login",
    ),
    (
        {**TOKEN, "token_ca_file": "/nowhere/ca.pem"}, ("client_secret",),
        ("RATER_KAFKA_TOKEN_CA_FILE must be a PEM file with certificates, found /nowhere/ca.pem: "
         "No such file or directory"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "secrets", "message"), WRONG, ids=lambda each: str(each)[:60])
def test_a_wrong_setting_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], secrets: tuple[str, ...], message: str
) -> None:
    for name in secrets:
        set_secret(monkeypatch, name)

    with pytest.raises(SettingError) as refused:
        read(given)

    assert str(refused.value) == message
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


def test_a_host_is_always_looked_at_without_tls() -> None:
    with pytest.raises(SettingError, match="RATER_KAFKA_CHECK_HOSTNAME must be left out"):
        read({}, check_hostname=False)


def test_no_secret_is_shown_and_none_is_an_option(
    monkeypatch: pytest.MonkeyPatch, ca: Authority, own: Certificate
) -> None:
    for name in SECRETS:
        set_secret(monkeypatch, name)
    monkeypatch.delenv(variable("client_secret"))
    mutual = {
        "ca_file": str(ca.certificate),
        "certificate_file": str(own.certificate),
        "key_file": str(own.key),
    }
    by_password = read({**SCRAM, "security_protocol": "SASL_SSL", **mutual})
    for name in ("password", "key_password"):
        monkeypatch.delenv(variable(name))
    set_secret(monkeypatch, "client_secret")
    shown = [
        each
        for security in (by_password, read(TOKEN))
        for each in (repr(security), repr(Broker("a:1", security)))
    ]

    assert [] == [each for each in shown if PASSWORD in each]
    assert set(SECRETS).isdisjoint({setting.name for setting in SETTINGS})


def test_a_security_can_be_compared() -> None:
    assert Security() == PLAINTEXT
