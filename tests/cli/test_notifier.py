"""`rater notifier` at its start: what it refuses, and the keys it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from rater.__main__ import cli
from rater.secret import Secret, SecretError, read_secret
from rater.shell.notifier.settings import SmtpSettings
from rater.shell.notifier.webhook_keys import tenant_key, written_key

if TYPE_CHECKING:
    from pathlib import Path

SECRET = {"RATER_WEBHOOK_SECRET": "s"}
NOWHERE = ("--broker", "127.0.0.1:1")


def rater_notifier(*arguments: str, **environment: str) -> Result:
    names = ("RATER_WEBHOOK_SECRET", "RATER_WEBHOOK_SECRET_PREVIOUS", "RATER_SMTP_PASSWORD")
    unset = dict.fromkeys([name + end for name in names for end in ("", "_FILE")])
    return CliRunner().invoke(cli, ["notifier", *arguments], env={**unset, **environment})


def test_the_key_of_a_tenant_is_printed_for_its_administrator() -> None:
    done = rater_notifier("webhook-key", "acme", **SECRET)

    assert (done.exit_code, done.stdout) == (0, f"current {written_key(tenant_key('s', 'acme'))}\n")


def test_while_two_secrets_count_both_keys_are_printed() -> None:
    both = {"RATER_WEBHOOK_SECRET": "new", "RATER_WEBHOOK_SECRET_PREVIOUS": "s"}
    done = rater_notifier("webhook-key", "acme", **both)

    new, old = (written_key(tenant_key(secret, "acme")) for secret in ("new", "s"))
    assert (done.exit_code, done.stdout) == (0, f"current {new}\nprevious {old}\n")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--smtp-user", "ada"), {}, "--smtp-user ada: no password; set RATER_SMTP_PASSWORD"),
        ((), {"RATER_SMTP_PASSWORD": "p"}, "RATER_SMTP_PASSWORD has no effect"),
        ((), {"RATER_WEBHOOK_SECRET_PREVIOUS": "p"}, "RATER_WEBHOOK_SECRET_PREVIOUS has no effect"),
        (("--webhook-deny", "10.0.0.1/8"), {}, "not a network like 203.0.113.0/24"),
    ],
)
def test_half_a_secret_is_refused_at_the_start(
    arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    done = rater_notifier(*NOWHERE, *arguments, **environment)

    assert done.exit_code == 2
    assert said in done.stderr


def test_without_a_secret_there_is_no_key() -> None:
    done = rater_notifier("webhook-key", "acme")

    assert done.exit_code == 2
    assert "set RATER_WEBHOOK_SECRET or RATER_WEBHOOK_SECRET_FILE" in done.stderr


@pytest.mark.parametrize("tenant", ["", "a b", "acme\n"])
def test_what_names_no_tenant_has_no_key(tenant: str) -> None:
    assert rater_notifier("webhook-key", tenant, **SECRET).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "nobody"), "not an address like"),
        (("--from", "a@b.example\r\nBcc: x@y.example"), "not an address like"),
        (("--smtp-tls", "none", "--smtp-user", "ada"), "would send the password in clear"),
        (NOWHERE, "no Kafka broker answers at 127.0.0.1:1"),
        (("--smtp-tls", "ssl3"), "'ssl3' is not one of"),
    ],
)
def test_a_start_that_cannot_succeed_ends_with_2_and_says_why(
    arguments: tuple[str, ...], said: str
) -> None:
    done = rater_notifier(*arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_secret_is_read_from_the_environment_or_a_file_and_from_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("in the file\n")
    assert read_secret("RATER_X") is None
    monkeypatch.setenv("RATER_X_FILE", str(file))
    assert _shown(read_secret("RATER_X")) == "in the file"
    monkeypatch.setenv("RATER_X", "in the environment")
    assert _shown(read_secret("RATER_X")) == "in the environment"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff"])
def test_a_secret_that_cannot_be_read_is_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("RATER_X_FILE", str(file))

    with pytest.raises(SecretError, match="RATER_X_FILE"):
        read_secret("RATER_X")


def test_settings_do_not_show_the_password() -> None:
    assert "hunter2" not in repr(SmtpSettings(host="h", port=1, password="hunter2"))  # noqa: S106


def _shown(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
