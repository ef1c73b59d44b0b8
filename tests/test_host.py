"""What may stand where a machine is named; and every setting that names one refuses what cannot be one."""

import pytest
from click.testing import CliRunner

from rater.__main__ import cli
from rater.host import is_host, read_host, without_login
from rater.shell.process.settings.services import SERVICES

GOOD = (
    *("localhost", "mail.example.org", "mail.example.org.", "rater_kafka", "xn--bcher-kva.example"),
    *("bücher.example", "127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0", "a" * 63),  # noqa: S104
)
BAD = (
    *("", " ", "a b", "mail:25", "http://mail", "mail/", "user@mail", "-a", "a-", "a..b", ".", "\udcff"),
    *("[::1]", "300.1.1.1", "1", "a.1", "a\n", "a" * 64, ".".join(["a" * 60] * 5), "a\x00b", "\u00a0"),
)  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_addresses_and_names_are_hosts(text: str) -> None:
    assert is_host(text)
    assert read_host(text) == text


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_looked_up_is_no_host(text: str) -> None:
    assert not is_host(text)
    with pytest.raises(ValueError, match=r"^must be a host name or an IP address, found "):
        read_host(text)


SHOWN = (
    ("mail.example", "mail.example"),
    ("me:secret@mail.example", "***@mail.example"),
    ("https://me:secret@mail.example", "https://***@mail.example"),
    ("https://me:a/b//c@d@mail.example/x", "https://***@mail.example/x"),
    ("me:a//b@mail.example", "***@mail.example"),
)


@pytest.mark.parametrize(("address", "shown"), SHOWN)
def test_an_address_is_shown_without_its_login(address: str, shown: str) -> None:
    assert without_login(address) == shown


def test_what_is_refused_shows_no_login() -> None:
    address = "me:hunter2@mail.example:x"
    shown = [
        refused("notifier", RATER_SMTP_HOST=address),
        refused("charging", RATER_BROKER=address),
    ]

    assert [each for each in shown if "hunter2" in each] == []
    assert all("found '***@mail.example:x'" in each for each in shown)


def refused(*words: str, **variables: str) -> str:
    done = CliRunner(env=variables).invoke(cli, ["config", "check", *words])
    assert done.exit_code == 1, done.output
    return done.output


@pytest.mark.parametrize("text", ["\udcff", "mail:25", ""])
@pytest.mark.parametrize(
    ("service", "option", "more"),
    [
        ("notifier", "--smtp-host", ()),
        ("gatekeeper", "--host", ()),
        ("gateway", "--webhook-host", ("--provider", "stripe", "--webhook-port", "0")),
        *((service, "--metrics-host", ()) for service in SERVICES if service not in {"gateway", "canary"}),
    ],
)  # fmt: skip
def test_every_option_that_names_a_host_is_named(
    service: str, option: str, more: tuple[str, ...], text: str
) -> None:
    said = refused(service, *more, option, text)

    assert f"{service}: {option}: must be a host name or an IP address, found {text!r}" in said


def test_hosts_within_addresses_are_looked_at_too() -> None:
    broker = refused("watch", "--broker", "\udcff:9092")
    tokens = refused(
        "watch", "--kafka-security-protocol", "SASL_SSL", "--kafka-sasl-mechanism", "OAUTHBEARER",
        "--kafka-client-id", "x", "--kafka-token-url", "https://\udcff/t",
        RATER_KAFKA_CLIENT_SECRET="x",  # noqa: S106
    )  # fmt: skip
    stripe = refused(
        "gateway", "--provider", "stripe", "--stripe-api-base", "https://a..b",
        RATER_STRIPE_KEY="sk_test_" + "1" * 24,
    )  # fmt: skip

    assert r"broker address must be host:port, found '\udcff:9092'" in broker
    assert "RATER_KAFKA_TOKEN_URL must be an address https://host/path" in tokens
    assert "RATER_STRIPE_API_BASE must be http(s)://host" in stripe
