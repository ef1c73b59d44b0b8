"""`rater config check SERVICE` and `show SERVICE`; the settings file that is shipped as a sample."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.reference import settings_file
from rater.__main__ import COMMANDS, cli
from rater.__main__ import SERVICES as RUNNING
from rater.secret import MASKED
from rater.shell.process.settings.declaration import Declared, declared
from rater.shell.process.settings.reading import settings_class
from rater.shell.process.settings.services import SERVICES
from tests.shell.process.settings.samples import EVERY, SECRETS, forget

HIDDEN = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)


def config(*words: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(cli, ["config", *words])


STRIPE = ("--provider", "stripe", "--mode", "test", "--webhook-port", "0")


def words_for(service: str) -> tuple[str, ...]:
    required = {"gateway": ("--provider", "simulator", "--book", "x"), "canary": ("--tenant", "c")}
    return required.get(service, ())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_without_faults_is_good_and_shown_with_its_defaults(service: str) -> None:
    assert config("check", service, *words_for(service)).exit_code == 0
    done = config("show", service, *words_for(service))

    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == len(declared(settings_class(service)))
    assert re.search(r'(?m)^kafka\.broker +"localhost:9092" +default$', done.output)


def test_each_value_is_shown_with_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "rater.toml"
    file.write_text('[gateway]\nprovider = "simulator"\nbook = "b"\nbudget = 50\ndrain = 1\n')
    done = config(
        "show", "gateway", "--settings", str(file), "--drain", "5", RATER_GATEWAY_CONCURRENCY="7"
    )

    assert done.exit_code == 0, done.output
    for name, value, origin in (
        ("gateway.budget", "50.0", f"file {file}: gateway.budget"),
        ("gateway.drain", "5.0", "option --drain"),
        ("gateway.concurrency", "7", "environment RATER_GATEWAY_CONCURRENCY"),
        ("gateway.webhook_host", '"127.0.0.1"', "default"),
        ("gateway.webhook_port", "not set", "default"),
    ):
        assert re.search(
            rf"(?m)^{re.escape(name)} +{re.escape(value)} +{re.escape(origin)}$", done.output
        ), name


@pytest.mark.parametrize(("service", "each"), SECRETS)
def test_a_secret_is_masked(service: str, each: Declared) -> None:
    """Where a secret alone is refused, that does not show it either."""
    more = {
        "smtp_password": {"RATER_SMTP_USER": "ada"},
        "webhook_secret_previous": {"RATER_WEBHOOK_SECRET": "x"},
        "stripe_key": {"RATER_STRIPE_WEBHOOK_SECRET": "x"},
        "stripe_webhook_secret": {"RATER_STRIPE_KEY": "sk_test_x"},
    }.get(each.field, {})
    hidden = f"sk_test_{HIDDEN}" if each.field == "stripe_key" else HIDDEN
    environment = {each.variable: hidden, **more}
    words = STRIPE if each.field.startswith("stripe") else words_for(service)
    for verb in ("show", "check"):
        done = config(verb, service, *words, **environment)
        assert HIDDEN not in done.output
        if each.table == "kafka":
            assert each.variable in done.output
        else:
            assert done.exit_code == 0
            assert verb == "check" or re.search(rf"{each.key} +{re.escape(MASKED)} ", done.output)


def test_a_login_in_an_address_is_masked() -> None:
    address = f"https://user:{HIDDEN}@proxy.example"
    of_stripe = {"RATER_STRIPE_KEY": "sk_test_x", "RATER_STRIPE_API_BASE": address}
    refused = config("show", "gateway", "--provider", "stripe", **of_stripe)
    done = config("show", "notifier", RATER_SMTP_HOST=address)

    assert HIDDEN not in refused.output + done.output
    assert "without a user" in refused.output
    assert f"https://{MASKED}@proxy.example" in done.output


def test_faults_end_with_1_and_a_file_that_cannot_be_read_with_2(tmp_path: Path) -> None:
    file = tmp_path / "rater.toml"
    file.write_text("[charging]\nstuck_after = 1\n[notifier]\ntries = 0\n[kafka]\n")
    both = config("check", "--settings", str(file))
    assert both.exit_code == 1
    assert f"charging: {file}: charging.stuck_after must be a number from 5, found 1" in both.output
    assert f"notifier: {file}: notifier.tries must be" in both.output
    one = config("check", "--settings", str(file), "charging")
    assert one.exit_code == config("check", "charging", "--settings", str(file)).exit_code == 1
    assert "notifier" not in one.output
    assert config("show", "charging", RATER_SETTINGS=str(file)).exit_code == 1
    file.write_text("[")
    assert config("check", "--settings", str(file)).exit_code == 2
    assert config("show", "charging", "--settings", str(file)).exit_code == 2
    assert config("check").exit_code == 2


def test_a_service_with_wrong_settings_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "rater.toml"
    file.write_text("[gatekeeper]\nlongest_s = 5\n")
    done = CliRunner().invoke(cli, ["gatekeeper", "--settings", str(file)])

    assert done.exit_code == 2
    assert done.stderr == (
        f"Error: {file}: gatekeeper.longest_s: no such setting; the nearest known is longest\n"
    )


def test_no_command_but_services_loads_pydantic() -> None:
    """It takes as long to load as such a command takes whole."""
    modules = sorted(COMMANDS[name][0] for name in COMMANDS.keys() - RUNNING)
    code = f"import sys, {', '.join(modules)}; sys.exit('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert (len(modules) > 8, done.returncode) == (True, 0)
    assert CliRunner().invoke(cli, ["--help"]).output.count("\n  ") > len(COMMANDS)


@pytest.mark.parametrize(("service", "each"), EVERY)
def test_the_sample_has_every_setting_with_its_default(service: str, each: Declared) -> None:
    there = tomllib.loads(re.sub(r"(?m)^#(\w+ = .+)$", r"\1", settings_file.FILE.read_text()))
    if each.table and each.default is not None:
        shown = list(each.default) if each.kind == "list" else each.default
        assert there[each.table][each.key] == shown
    elif each.table:
        _, _, after = settings_file.FILE.read_text().partition(f"\n[{each.table}]\n")
        part = re.split(r"(?m)^\[", after)[0]
        assert f"\n#{each.key} =\n" in part


def test_the_sample_can_be_read_as_it_is_and_uncommented(tmp_path: Path) -> None:
    text = settings_file.FILE.read_text()
    file = tmp_path / "rater.toml"
    file.write_text(re.sub(r"(?m)^#(\w+ = .+)$", r"\1", text))
    for service in SERVICES:
        for settings in (settings_file.FILE, file):
            words = ("check", service, "--settings", str(settings), *words_for(service))
            done = config(*words)
            assert done.exit_code == 0, done.output
    assert config("check", "--settings", str(settings_file.FILE)).exit_code == 0
