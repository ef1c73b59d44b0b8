"""A secured Kafka: charging over TLS with a password, certificates, tokens, and each trouble in one line."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

import pytest
from aiokafka.admin import NewTopic

from deploy.kafka.certificates import LOCAL, Authority
from rater.kafka.broker import Broker
from rater.kafka.security import read
from tests.e2e.secured_stage import ROOT, Stage, rater, secured_stage, service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DECK = (
    "deck", "load", "rater/data/sample_deck.csv", "--deck-id", "sample", "--version", "1", "--currency", "USD",
    "--valid-from", "2026-01-01T00:00:00Z",
)  # fmt: skip
PLANS = (
    "plan", "load", "rater/data/sample_plans.toml", "--version", "1", "--valid-from", "2026-01-01T00:00:00Z",
    "--backdate",
)  # fmt: skip
TOKENS = "test.tokens"
"""A topic that nobody else reads."""
CERTIFICATE = r"CN=[^,]+, issued by CN=[^,]+, valid until [-\d]{10} [:\d]{8} UTC"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give all tests here one broker; it takes some seconds to be secured."""
    if os.environ.get("RATER_BROKER"):
        pytest.skip("RATER_BROKER is set; a secured broker is one of our own")
    with secured_stage(tmp_path_factory.mktemp("secured")) as made:
        yield made


def broker_of(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Make the broker that a process with this environment would have."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = {name.removeprefix("RATER_KAFKA_").lower(): value for name, value in environment.items()}
    return Broker(environment["RATER_BROKER"], read(said))


def refused(said: tuple[int, str]) -> str:
    """Return the one line of a command that could not run."""
    code, text = said
    lines = [line for line in text.splitlines() if " INFO " not in line]
    assert code == 2, text
    assert len(lines) == 1, text
    return lines[0]


def test_a_call_is_charged_end_to_end_by_roles_with_no_more_than_their_rights(stage: Stage) -> None:
    """TLS and SCRAM-SHA-512 for all; every command and the worker as the role that it is of."""
    for role, words in (("deck-loader", DECK), ("plan-loader", PLANS)):
        code, said = rater(stage.user(role), *words)
        assert code == 0, said
    commands, cdrs = (rater({}, "example", kind)[1] for kind in ("commands", "cdrs"))
    with service(stage, stage.user("charging"), "worker", "charging") as worker:
        opened = rater(
            stage.user("produce"), "produce", "account.commands.v1", "--wait", given=commands
        )
        charged = rater(stage.user("produce"), "produce", "cdr.raw.v1", "--wait", given=cdrs)
        told = worker.text
    assert "acme-1  accepted  account_opened" in opened[1], opened[1] + told
    assert "acme-call-1  charged  rated, 126400 micros" in charged[1], charged[1] + told
    assert worker.ended() == 0, worker.text
    code, said = rater(stage.user("reconciler"), "reconcile")
    assert code == 0, said

    passwords = [file.read_text().strip() for file in stage.secured.folder.glob("*.password")]
    assert len(passwords) > 10
    logs = [*stage.folder.glob("*.log"), *stage.broker.log.parent.iterdir()]
    assert [] == [
        log for log in logs for secret in passwords if secret in log.read_text(errors="replace")
    ]


def test_what_a_secured_broker_keeps_is_its_owners_alone(stage: Stage) -> None:
    open_to_others = [
        file.name for file in stage.secured.folder.iterdir()
        if file.stat().st_mode & 0o077 and file.name != "openssl.cnf"
    ]  # fmt: skip

    assert open_to_others == []
    assert stage.secured.folder.stat().st_mode & 0o077 == 0


def test_a_wrong_password_is_told_with_mechanism_and_user(stage: Stage) -> None:
    wrong = stage.user("charging", RATER_KAFKA_PASSWORD="open-sesame-1")  # noqa: S106
    for words in (("topics", "check"), ("worker", "charging", "--metrics-port", "0")):
        line = refused(rater(wrong, *words))
        assert line.startswith(
            f"Error: {stage.broker.bootstrap} refuses the login SCRAM-SHA-512 of user 'charging': "
        )
        assert "invalid credentials" in line
        assert "open-sesame-1" not in line


@pytest.mark.slow
def test_a_mechanism_that_the_broker_has_not_is_told(stage: Stage) -> None:
    line = refused(
        rater(stage.user("charging", RATER_KAFKA_SASL_MECHANISM="SCRAM-SHA-256"), "deck", "list")
    )

    assert line.endswith(
        "SCRAM-SHA-256 of user 'charging': it has no such mechanism (RATER_KAFKA_SASL_MECHANISM)"
    )


@pytest.mark.slow
def test_a_login_by_plain_is_one_too(stage: Stage) -> None:
    plain = {"RATER_KAFKA_SASL_MECHANISM": "PLAIN", "RATER_KAFKA_PASSWORD": "plain-secret"}

    assert rater(stage.user("admin", **plain), "topics", "check")[0] == 0


def test_a_wrong_authority_is_told_with_both(stage: Stage) -> None:
    other = Authority(stage.folder / "other", "Another CA").certificate
    line = refused(rater(stage.user("charging", RATER_KAFKA_CA_FILE=str(other)), "deck", "list"))

    assert re.fullmatch(
        f"Error: TLS to {stage.broker.bootstrap} refused by us: the broker's certificate is of an authority that we do "
        f"not trust; it is {CERTIFICATE}, for DNS:localhost, IP Address:127.0.0.1; we trust the CA file {other}",
        line,
    ), line


@pytest.mark.slow
def test_no_tls_and_no_login_are_told(stage: Stage) -> None:
    bare = {"RATER_BROKER": stage.broker.bootstrap}
    no_login = {
        **bare,
        "RATER_KAFKA_SECURITY_PROTOCOL": "SSL",
        "RATER_KAFKA_CA_FILE": str(stage.secured.ca),
    }

    assert "does not let us in: it wants a login or TLS" in refused(rater(bare, "deck", "list"))
    assert "it wants a login (RATER_KAFKA_SECURITY_PROTOCOL is SSL)" in refused(
        rater(no_login, "deck", "list")
    )


def test_a_certificate_is_a_login_and_what_was_presented_is_told(stage: Stage) -> None:
    stranger = Authority(stage.folder / "stranger", "Strange CA").issue("admin", LOCAL)
    none = {
        name: value for name, value in stage.certificate().items() if "CERTIFICATE" not in name and "KEY" not in name
    }  # fmt: skip
    as_stranger = stage.certificate(
        RATER_KAFKA_CERTIFICATE_FILE=str(stranger.certificate),
        RATER_KAFKA_KEY_FILE=str(stranger.key),
    )

    assert rater(stage.certificate(), "topics", "check")[0] == 0
    line = refused(rater(none, "topics", "check"))
    assert (
        "refused by the broker: it wants a certificate, and we present none (RATER_KAFKA_CERTIFICATE_FILE)"
        in line
    )
    line = refused(rater(as_stranger, "topics", "check"))
    assert re.search(f"we present the certificate {CERTIFICATE}", line), line
    assert "CN=admin, issued by CN=Strange CA" in line


def test_missing_rights_of_commands_are_told(stage: Stage) -> None:
    for user, words, missing in (
        ("charging", ("topics", "check"), "Describe on topic dead.ended.v1, "),
        ("finance", ("topics", "create"), "Create on topic"),
        ("charging", ("gateway", "--provider", "simulator", "--book", "/dev/null", "--metrics-port", "0"),
         "Describe on topic payment.commands.v1, payment.results.v1, recharge.dead.v1"),
        ("finance", ("rerate", "--all", "--dry-run", "--by", "ann"), "Describe on topic "),
        ("finance", ("account", "show", "acme"), "Describe on topic "),
    ):  # fmt: skip
        line = refused(rater(stage.user(user), *words))
        assert line.startswith(f"Error: not allowed: User:{user} needs {missing}"), line


@pytest.mark.parametrize(
    ("user", "missing"),
    [
        ("no-group", "Read on group rater-charging"),
        pytest.param(
            "no-transactions", "Write on transactional id rater-charging-", marks=pytest.mark.slow
        ),
        pytest.param("no-read", "Read on topic cdr.raw.v1", marks=pytest.mark.slow),
    ],
)
def test_a_worker_without_a_right_says_which_and_ends(
    stage: Stage, user: str, missing: str
) -> None:
    with service(stage, stage.user(user), "worker", "charging") as worker:
        code = worker.ended()
    critical = [line for line in worker.text.splitlines() if " CRITICAL " in line]

    assert code == 1, worker.text
    assert len(critical) == 1, worker.text
    assert f"failed: not allowed: User:{user} needs {missing}" in critical[0]
    # Faust may have logged more before it; who looks at the end finds what to do.
    assert worker.text.splitlines()[-1] == critical[0]


async def test_clients_go_on_past_the_end_of_their_token(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker ends connections whose token has expired; aiokafka does not log in anew on them (KIP-368)."""
    monkeypatch.setattr(stage.tokens, "lifetime_s", 3)
    asked = stage.tokens.asked
    broker = broker_of(stage.token(), monkeypatch)
    producer, consumer = (
        broker.producer(acks="all"),
        broker.consumer(auto_offset_reset="earliest"),
    )
    admin = broker.admin()
    await admin.start()
    await admin.create_topics([NewTopic(TOKENS, 1, 1)])
    await admin.close()
    consumer.subscribe([TOKENS])
    await producer.start()
    await consumer.start()
    read = set()
    try:
        for number in range(5):
            await producer.send_and_wait(TOKENS, b"token-%d" % number)
            await asyncio.sleep(1.5)
            fetched = await consumer.getmany(timeout_ms=200)
            read |= {record.value for records in fetched.values() for record in records}
        async with asyncio.timeout(20):
            while len(read) < 5:
                fetched = await consumer.getmany(timeout_ms=200)
                read |= {record.value for records in fetched.values() for record in records}
    finally:
        await producer.stop()
        await consumer.stop()

    assert read == {b"token-%d" % number for number in range(5)}
    assert stage.tokens.asked - asked >= 3


@pytest.mark.slow
def test_a_token_that_is_not_given_or_not_taken_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = refused(rater(stage.token(RATER_KAFKA_CLIENT_SECRET="wrong-1"), "topics", "check"))  # noqa: S106
    assert f"no token for client admin from {stage.tokens.url}: HTTP 401 invalid_client" in line
    assert "wrong-1" not in line

    monkeypatch.setattr(stage.tokens, "audience", "somebody else")
    line = refused(rater(stage.token(), "topics", "check"))
    assert "refuses the login OAUTHBEARER of client 'admin': it hangs up on the token" in line

    monkeypatch.setattr(stage.tokens, "audience", "kafka")
    line = refused(rater(stage.token("nobody"), "topics", "check"))
    assert line.startswith("Error: not allowed: User:nobody needs "), line


@pytest.mark.slow
def test_a_password_that_is_changed_while_a_worker_runs_ends_it_with_one_line(stage: Stage) -> None:
    """The broker restarts, the worker comes back with the password of before, and does not try for ever."""
    file = stage.secured.folder / "charging.password"
    before = file.read_text().strip()
    with service(
        stage, stage.user("charging", RATER_KAFKA_PASSWORD=before), "worker", "charging"
    ) as worker:
        assert worker.says("serving partitions"), worker.text
        file.write_text("another-password-1\n")
        stage.secured.set_up(stage.broker.port)
        # Whoever is connected stays so until the connection ends.
        stage.broker.restart()
        code = worker.ended()

    assert code == 1, worker.text
    assert (
        f"CRITICAL rater.shell.process.refused: failed: {stage.broker.bootstrap} refuses the login"
        in worker.text
    )
    assert before not in worker.text


def test_the_broker_tool_says_how_to_get_in(stage: Stage) -> None:
    exports = (stage.secured.folder / "charging.env").read_text()

    assert f"export RATER_BROKER='{stage.broker.bootstrap}'\n" in exports
    assert "export RATER_KAFKA_PASSWORD_FILE='" in exports
    assert str(ROOT) in exports
