"""What a secured broker keeps on the disk: names in certificates, files of its owner alone, no secret told."""

from __future__ import annotations

import json
import stat
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from deploy.kafka.address import free_ports
from deploy.kafka.broker import Broker
from deploy.kafka.certificates import Authority
from deploy.kafka.commands import _tell_secured
from deploy.kafka.distribution import BrokerError
from deploy.kafka.secured import Access, Secured, _write_private, environments, read_access
from topics.access import rules
from topics.roles import ROLES

if TYPE_CHECKING:
    from pathlib import Path

USERS = ("charging", "operator")


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def shown(certificate: Path, *what: str) -> str:
    """Return what openssl says of a certificate."""
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-nameopt", "RFC2253", *what]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def prepared(folder: Path, access: Access) -> tuple[Secured, str]:
    """Return a side that is prepared for a broker, and the settings that it would read."""
    settings = folder / "server.properties"
    settings.write_text("listeners=PLAINTEXT://127.0.0.1:1\n")
    secured = Secured(access.folder or folder / "secured", access)
    port, controller = free_ports(2)
    secured.prepare(settings, port, controller)
    return secured, settings.read_text()


def test_the_users_are_those_that_rules_name() -> None:
    granted = [asdict(rule) for rule in rules()] + [{**asdict(rules()[0]), "principal": "Group:x"}]

    assert Access.of(granted).users == tuple(sorted(role.principal for role in ROLES))


@pytest.mark.parametrize("text", [None, "no rules on this broker", "{}{}", "[1]", '[{"host": "*"}]'])  # fmt: skip
def test_what_are_no_rules_is_told_with_the_file(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "acls.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(BrokerError, match=r"acls\.json: no access rules: "):
        read_access(file)


def test_rules_are_read_as_they_are_printed(tmp_path: Path) -> None:
    file = tmp_path / "acls.json"
    granted = [asdict(rule) for rule in rules()]
    file.write_text(json.dumps(granted))

    assert read_access(file) == Access.of(granted)


def test_all_that_is_made_is_its_owners_alone_but_what_is_no_secret(tmp_path: Path) -> None:
    secured, settings = prepared(tmp_path, Access(USERS))
    for user in USERS:
        secured._password(user)

    open_to_others = {file.name for file in secured.folder.iterdir() if mode(file) & 0o077}
    assert open_to_others <= {"openssl.cnf"}
    assert mode(secured.folder) == 0o700
    assert mode(secured.folder / "charging.password") == 0o600
    # The broker's own settings name files, and hold no secret; others may not read them all the same.
    assert mode(tmp_path / "server.properties") == 0o600
    assert secured._password("charging") not in settings


def test_a_file_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    with file.open() as held:
        _write_private(file, "new")

        assert held.read() == "old"
    assert (file.read_text(), mode(file)) == ("new", 0o600)


def test_certificates_name_whom_the_broker_lets_do_everything_and_where_it_is(
    tmp_path: Path,
) -> None:
    secured, settings = prepared(tmp_path, Access(USERS))
    hosts = shown(secured.folder / "broker.pem", "-ext", "subjectAltName")

    supers = next(line for line in settings.splitlines() if line.startswith("super.users="))
    assert supers == "super.users=User:CN=broker;User:CN=admin;User:admin"
    assert shown(secured.folder / "broker.pem", "-subject").strip() == "subject=CN=broker"
    assert shown(secured.admin.certificate, "-subject").strip() == "subject=CN=admin"
    assert "DNS:localhost, IP Address:127.0.0.1" in hosts
    assert "issuer=CN=Rater development CA" in shown(secured.admin.certificate, "-issuer")


def test_settings_have_the_ports_and_what_a_test_adds_comes_last(tmp_path: Path) -> None:
    secured, settings = prepared(tmp_path, Access(USERS, settings={"a.setting": "x"}))

    assert f"CLIENTS://127.0.0.1:{secured.port}," in settings
    assert secured.certificates == f"127.0.0.1:{secured.certificates_port}"
    assert f"CERTIFICATES://{secured.certificates}" in settings
    assert "{" not in settings
    assert settings.endswith("a.setting=x\n")
    assert settings.startswith("listeners=PLAINTEXT")


def test_a_second_start_changes_ports_and_no_secret(tmp_path: Path) -> None:
    first, _ = prepared(tmp_path, Access(USERS))
    kept = first.ca.read_text(), first.admin.key.read_text(), first._password("charging")
    second, _ = prepared(tmp_path, Access(USERS))

    assert kept == (
        second.ca.read_text(),
        second.admin.key.read_text(),
        second._password("charging"),
    )
    assert first._password("charging") != first._password("operator")


def test_brokers_may_share_a_folder_and_so_their_authority_and_passwords(tmp_path: Path) -> None:
    access = Access(USERS, folder=tmp_path / "shared")
    one = Broker("test-one", home=tmp_path, access=access)
    two = Broker("test-two", home=tmp_path, access=access)
    assert one.secured is not None
    assert two.secured is not None

    assert one.secured.folder == two.secured.folder == tmp_path / "shared"
    assert Broker("test-three", home=tmp_path).secured is None


def test_an_environment_names_the_file_of_a_password_and_not_the_password(tmp_path: Path) -> None:
    secured, _ = prepared(tmp_path, Access(USERS))
    password = secured._password("charging")
    found = secured.environment("charging")
    exports = secured._exports("charging")

    assert found["RATER_BROKER"] == f"127.0.0.1:{secured.port}"
    assert found["RATER_KAFKA_PASSWORD_FILE"] == str(secured.folder / "charging.password")
    assert password not in str(found) + exports
    # Sourced by a shell it is the same.
    sourced = ["sh", "-c", f"{exports}env"]
    said = subprocess.run(sourced, capture_output=True, text=True, check=True, env={}).stdout
    assert {f"{name}={value}" for name, value in found.items()} <= set(said.splitlines())


def test_the_tool_says_where_passwords_lie_and_none_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secured, _ = prepared(tmp_path, Access(USERS))
    secrets = [secured._password(user) for user in ("admin", *USERS)]
    for user in ("admin", *USERS):
        _write_private(secured.folder / f"{user}.env", secured._exports(user))

    _tell_secured(secured)

    said = "".join(capsys.readouterr())
    assert [file.stem for file in environments(secured.folder)] == ["admin", *USERS]
    assert f"{secured.folder}/admin.env` may do everything" in said
    assert "charging.env operator.env" in said
    assert not [secret for secret in secrets if secret in said]
    assert "PRIVATE KEY" not in said


def test_a_broker_that_is_not_there_answers_nothing_and_is_not_set_up(tmp_path: Path) -> None:
    secured, _ = prepared(tmp_path, Access(USERS))

    assert not secured.live_nodes(timeout_s=0.2)
    assert not secured._knows("charging")
    with pytest.raises(BrokerError, match="was not set up") as error:
        secured.set_up(secured.port)
    assert secured._password("charging") not in str(error.value)
    assert not (secured.folder / "charging.env").exists()


def test_openssl_that_is_missing_or_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    with pytest.raises(BrokerError, match="openssl x509 failed:\n"):
        authority.issue("early", ["nonsense"])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match="needs openssl, which is not installed"):
        authority.issue("late")
