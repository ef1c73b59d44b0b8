"""Each command and each client of a run logs in as the role whose work it does."""

from pathlib import Path

import pytest

from loadtest import clients, logins
from loadtest.service import Service, Worker
from topics import roles
from topics.catalog import CATALOG


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make a folder of logins."""
    for role in roles.ROLES:
        (tmp_path / f"{role.principal}.env").write_text(
            "export RATER_BROKER='somewhere:1'\n"
            "export RATER_KAFKA_SECURITY_PROTOCOL='SASL_PLAINTEXT'\n"
            "export RATER_KAFKA_SASL_MECHANISM='SCRAM-SHA-512'\n"
            f"export RATER_KAFKA_USERNAME='{role.principal}'\n"
            f"export RATER_KAFKA_PASSWORD='the secret of {role.principal}'\n"
        )
    return tmp_path


def test_without_a_folder_there_is_one_login_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(logins.FOLDER, raising=False)
    monkeypatch.setenv("RATER_KAFKA_USERNAME", "load")

    assert logins.variables(roles.CHARGING)["RATER_KAFKA_USERNAME"] == "load"
    assert logins.environment(roles.CHARGING)["RATER_KAFKA_USERNAME"] == "load"


def test_with_a_folder_a_role_has_its_own_and_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("RATER_KAFKA_TOKEN_URL", "https://ours/")
    monkeypatch.delenv("RATER_BROKER", raising=False)
    with logins.lying_in(place):
        found = logins.environment(roles.GATEWAY)
        options = clients.options("a:1", roles.FINANCE)

    assert found["RATER_KAFKA_USERNAME"] == "gateway"
    assert found["RATER_KAFKA_PASSWORD"] == "the secret of gateway"  # noqa: S105
    assert "RATER_KAFKA_TOKEN_URL" not in found
    # Which broker it is says whoever starts the command.
    assert "RATER_BROKER" not in found
    assert found[logins.FOLDER] == str(place)
    assert options == {
        "bootstrap_servers": "a:1",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "finance",
        "sasl_plain_password": "the secret of finance",
    }
    assert logins.folder() is None


def test_a_role_without_a_file_is_named(place: Path) -> None:
    (place / "notifier.env").unlink()

    with (
        logins.lying_in(place),
        pytest.raises(logins.LoginError, match=r"the notifier: .*notifier\.env"),
    ):
        logins.variables(roles.NOTIFIER)


@pytest.mark.parametrize(
    ("words", "role"),
    [
        (("worker", "charging", "--broker", "a:1"), roles.CHARGING),
        (["worker", "recharge"], roles.RECHARGE),
        (("gateway", "--provider", "simulator"), roles.GATEWAY),
        (("notifier",), roles.NOTIFIER),
        (("gatekeeper",), roles.GATEKEEPER),
        (("authorise", "--tenant", "x"), roles.GATEKEEPER),
        (("watch", "--once"), roles.WATCH),
        (("canary", "--tenant", "canary"), roles.CANARY),
        (("deck", "load", "x.csv"), roles.DECK_LOADER),
        (("plan", "list"), roles.PLAN_LOADER),
        (("dead", "ls"), roles.DEAD_LETTERS),
        (("config", "load"), roles.CONFIG_LOADER),
        (("reconcile",), roles.RECONCILER),
        (("produce", "cdr.raw.v1"), roles.PRODUCE),
        (("topics", "create"), roles.OPERATOR),
        (("topics", "check"), roles.OPERATOR),
        (("topics", "read", "notifications.dead.v1"), roles.OPERATOR),
        (("topics", "read", "ledger.entries.v1"), roles.RECONCILER),
        (("topics", "acls"), None),
        (("price",), None),
    ],
)
def test_a_command_is_of_the_role_whose_work_it_does(
    words: tuple[str, ...], role: roles.Role | None
) -> None:
    assert logins.role_of(words) == role


def test_every_topic_and_every_group_is_somebodys() -> None:
    for topic in CATALOG:
        assert logins.writer_of(topic.name) in topic.writers
        assert logins.reader_of(topic.name) in topic.readers
    assert logins.writer_of("unknown") is logins.reader_of("unknown") is None
    for role in roles.ROLES:
        if role.group is not None:
            assert logins.member_of(role.group) == role
    assert logins.member_of("somebody") is None


def test_a_service_of_rater_has_its_role_and_another_program_none(tmp_path: Path) -> None:
    log = tmp_path / "log"

    assert Worker("a:1", log).role == roles.CHARGING
    assert Service("it", "rater", ("gateway",), log).role == roles.GATEWAY
    assert Service("it", "loadtest.smtp_sink", ("gateway",), log).role is None
