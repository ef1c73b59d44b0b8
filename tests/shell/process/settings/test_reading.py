"""Settings of services: who goes before whom, what is refused and how, and that no text shows a secret.

Every test goes through the declarations of all services; `samples` has the values.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from rater.shell.process.settings.declaration import Declared, declared, written
from rater.shell.process.settings.reading import WrongSettingsError, read, settings_class
from rater.shell.process.settings.services import SERVICES, SHARED
from rater.shell.process.settings.sources import SettingsFileError
from tests.shell.process.settings.samples import (
    EVERY,
    KEYS,
    NEEDED,
    SECRETS,
    forget,
    good,
    in_environment,
    toml,
)

HIDDEN = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)


def needed(service: str, *but: str) -> dict[str, Any]:
    return {name: value for name, value in NEEDED.get(service, {}).items() if name not in but}


def value_of(service: str, each: Declared, **given: Any) -> Any:
    """Return the value that a setting has, less what is wrong with it beside others."""
    made = settings_class(service)(**(needed(service, each.field) | given))
    value = getattr(made, each.field)
    return value.reveal() if each.is_secret and value is not None else value


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return [str(network) for network in found] == wanted
    return bool(found == wanted) or str(found) == str(wanted)


def refused(service: str, *but: str, **given: Any) -> list[str]:
    """Return the faults of what is read; `but` is not given, though it is needed."""
    with pytest.raises(WrongSettingsError) as found:
        read(settings_class(service), needed(service, *but) | given)
    assert HIDDEN not in str(found.value)
    return found.value.faults


@pytest.mark.parametrize(("service", "each"), KEYS)
def test_an_option_goes_before_the_environment_the_file_and_the_default(
    service: str, each: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = good(each, tmp_path)
    if not each.required:
        default = value_of(service, each)
        assert same(default, "()" if each.kind == "list" else each.default)
    in_file: Any = values.file
    if each.is_secret:
        (tmp_path / "secret").write_text(f"{values.file}\n")
        in_file = str(tmp_path / "secret")
    file = toml(tmp_path, each.table, each.key, in_file)
    assert same(value_of(service, each, settings=file), values.file)
    monkeypatch.setenv("RATER_SETTINGS", str(file))
    assert same(value_of(service, each), values.file)
    monkeypatch.setenv(each.variable, in_environment(values.environment))
    assert same(value_of(service, each), values.environment)
    if not each.is_secret:
        assert same(value_of(service, each, **{each.field: values.option}), values.option)


@pytest.mark.parametrize(("service", "each"), KEYS)
def test_where_a_value_came_from_is_told(
    service: str, each: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rater.shell.process.settings import reading  # noqa: PLC0415

    monkeypatch.setattr(
        reading.settings_class(service), "contradictions", lambda self: iter(()), raising=True
    )
    values, kind = good(each, tmp_path), settings_class(service)
    (tmp_path / "secret").write_text("x")
    in_file = str(tmp_path / "secret") if each.is_secret else values.file
    file = toml(tmp_path, each.table, each.key, in_file)
    rest = needed(service, each.field)

    assert read(kind, rest | {"settings": file}).origins[each.field] == (
        "file",
        f"{file}: {each.table}.{each.key}",
    )
    monkeypatch.setenv(each.variable, in_environment(values.environment))
    told = read(kind, rest | {"settings": file}).origins[each.field]
    assert told == ("environment", each.variable)
    if not each.is_secret:
        given = rest | {"settings": file, each.field: values.option}
        assert read(kind, given).origins[each.field] == ("option", each.option)


def wrong(each: Declared) -> list[Any]:
    """Return values of TOML that a setting cannot have."""
    if each.kind in ("number", "whole number"):
        beyond = [end for end in (each.low and each.low - 1, each.high and each.high + 1) if end]
        return ["7", True, [1], float("nan"), *beyond]
    if each.kind == "switch":
        return ["yes", 1]
    if each.kind == "list":
        return ["10.0.0.0/8", [1], ["10.0.0.1/8"]]
    return [5, ["a"], *(["nobody"] if each.kind == "choice" or each.field == "sender" else [])]


@pytest.mark.parametrize(("service", "each"), KEYS)
def test_a_wrong_value_in_the_file_is_refused_with_its_file_and_key(
    service: str, each: Declared, tmp_path: Path
) -> None:
    for value in wrong(each):
        file = toml(tmp_path, each.table, each.key, value)
        (told,) = refused(service, each.field, settings=file)
        assert told.startswith(f"{tmp_path / 'rater.toml'}: {each.table}.{each.key}"), told


@pytest.mark.parametrize(("service", "each"), EVERY)
def test_a_wrong_value_in_the_environment_is_refused_with_its_variable(
    service: str, each: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    if each.is_secret:
        monkeypatch.setenv(f"{each.variable}_FILE", "/nowhere/secret")
    elif each.kind == "text" and each.field != "sender":
        return  # Any text can be; what it is good for is asked elsewhere.
    else:
        monkeypatch.setenv(each.variable, "neither this nor that")
    try:
        told = "\n".join(refused(service, each.field))
    except SettingsFileError as error:
        told = str(error)
        assert each.field == "settings"
    assert each.variable in told or each.field == "settings"
    assert "neither this nor that" in told or each.is_secret or each.kind == "list"


@pytest.mark.parametrize(("service", "each"), KEYS)
def test_a_key_that_is_misspelt_is_told_with_the_nearest(
    service: str, each: Declared, tmp_path: Path
) -> None:
    key = each.key.replace("_", "-") + "x"
    (told,) = refused(service, settings=toml(tmp_path, each.table, key, "a"))

    assert told.endswith(f"{each.table}.{key}: no such setting; the nearest known is {each.key}")


def test_a_table_that_nobody_has_is_refused_and_one_of_another_service_is_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rater.toml"
    file.write_text("budget = 3\n[kafak]\n[gateway]\nanything = 1\n[log]\nlevel = 'DEBUG'\n")

    assert refused("charging", settings=file) == [
        f"{file}: budget: no such table; known are {', '.join((*SHARED, *SERVICES))}",
        f"{file}: kafak: no such table; the nearest known is kafka",
    ]
    file.write_text("kafka = 1")
    assert refused("charging", settings=file) == [f"{file}: kafka must be a table, [kafka]"]


@pytest.mark.parametrize("content", [None, b"[", b"\xff", b"[log]\n[log]\n"])
def test_a_settings_file_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "rater.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsFileError, match=re.escape(str(file))):
        read(settings_class("charging"), {"settings": file})


@pytest.mark.parametrize(("service", "each"), SECRETS)
def test_a_secret_is_no_option_does_not_stand_in_the_file_and_shows_in_no_text(
    service: str, each: Declared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert each.option is None
    (told,) = refused(service, settings=toml(tmp_path, each.table, each.name, HIDDEN))
    assert f"{each.table}.{each.name}: a secret does not stand in this file" in told
    assert f"{each.key} names a file" in told
    for value in ("", 5, str(tmp_path / "gone")):
        (told,) = refused(service, settings=toml(tmp_path, each.table, each.key, value))
        assert f"{each.table}.{each.key}" in told
    monkeypatch.setenv(each.variable, HIDDEN)
    made = settings_class(service)(**needed(service))
    assert HIDDEN not in f"{made!r} {made} {made.model_dump()}"


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rater.toml"
    file.write_text("[gateway]\nprovidr = 'stripe'\nbudget = '3'\ndrain = 121\n")
    monkeypatch.setenv("RATER_GATEWAY_CONCURRENCY", "0")
    with pytest.raises(WrongSettingsError) as found:
        read(settings_class("gateway"), {"settings": file})

    assert found.value.faults == [
        f"{file}: gateway.providr: no such setting; the nearest known is provider",
        f"{file}: gateway.budget must be a number from 1 to 120, found '3'",
        "--provider must be set, or RATER_GATEWAY_PROVIDER, or provider in [gateway]",
        "RATER_GATEWAY_CONCURRENCY must be a whole number from 1 to 128, found '0'",
        f"{file}: gateway.drain must be a number from 0 to 120, found 121",
    ]


CONTRADICTIONS: list[tuple[str, dict[str, dict[str, Any]], str]] = [
    ("charging", {"kafka": {"username": "u"}}, "kafka.username"),
    ("charging", {"kafka": {"security_protocol": "TLS"}}, "kafka.security_protocol"),
    (
        "recharge",
        {"kafka": {"security_protocol": "SSL", "ca_file": "/nowhere"}},
        "kafka.ca_file",
    ),
    ("gatekeeper", {"kafka": {"check_hostname": False}}, "kafka.check_hostname"),
    ("charging", {"kafka": {"broker": "here"}}, "kafka.broker"),
    ("notifier", {"notifier": {"smtp_user": "u"}}, "notifier.smtp_user"),
    ("notifier", {"notifier": {"smtp_user": "u", "smtp_tls": "none"}}, "notifier.smtp_user"),
    ("notifier", {"notifier": {"smtp_password_file": "pyproject.toml"}}, "smtp_password_file"),
    ("notifier", {"notifier": {"smtp_ca": "pyproject.toml"}}, "notifier.smtp_ca"),
    (
        "notifier",
        {"notifier": {"webhook_secret_previous_file": "pyproject.toml"}},
        "webhook_secret_previous_file",
    ),
    ("gateway", {"gateway": {"provider": "stripe"}}, "RATER_STRIPE_KEY"),
    ("gateway", {"gateway": {"provider": "simulator"}}, "--book"),
    ("gateway", {"gateway": {"provider": "simulator", "mode": "live"}}, "gateway.mode"),
    (
        "gateway",
        {"gateway": {"provider": "stripe", "stripe_key_file": "pyproject.toml"}},
        "say --mode",
    ),
]


@pytest.mark.parametrize(("service", "tables", "said"), CONTRADICTIONS)
def test_settings_that_contradict_each_other_name_the_field_and_where_it_stands(
    service: str, tables: dict[str, dict[str, Any]], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "rater.toml"
    file.write_text(
        "\n".join(
            f"[{name}]\n" + "\n".join(f"{key} = {written(value)}" for key, value in there.items())
            for name, there in tables.items()
        )
    )
    with pytest.raises(WrongSettingsError) as found:
        read(settings_class(service), {"settings": file})

    assert said in str(found.value)


SIMULATOR: dict[str, Any] = {"provider": "simulator", "book": "b"}
WITHOUT_EFFECT: list[tuple[str, dict[str, Any], str, Any, str]] = [
    ("gateway", SIMULATOR, field, value, "beside --provider simulator: leave it out, or give --provider stripe")
    for field, value in (
        ("stripe_api_base", "https://x.example"),
        ("stripe_key", HIDDEN),
        ("stripe_webhook_secret", HIDDEN),
        ("webhook_port", 8_443),
    )
]  # fmt: skip
WITHOUT_EFFECT += [
    ("gateway", SIMULATOR, "webhook_host", "127.0.0.2", "leave it out, or give --webhook-port"),
    ("notifier", {"smtp_tls": "none"}, "smtp_ca", "pyproject.toml",
     "beside --smtp-tls none: leave it out, or give --smtp-tls starttls or --smtp-tls tls"),
    ("notifier", {}, "smtp_password", HIDDEN, "leave it out, or give --smtp-user"),
    ("notifier", {}, "webhook_secret_previous", HIDDEN,
     "leave it out, or give RATER_WEBHOOK_SECRET"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "beside", "field", "value", "said"), WITHOUT_EFFECT)
def test_what_was_given_and_has_no_effect_is_refused_wherever_it_was_given(
    service: str, beside: dict[str, Any], field: str, value: Any, said: str
) -> None:
    (each,) = (each for each in declared(settings_class(service)) if each.field == field)
    name = each.option or each.variable
    sentence = f"{name} has no effect{' ' if said.startswith('beside') else ': '}{said}"
    assert [] == read_faults(service, beside)
    if each.option:
        assert sentence in read_faults(service, beside | {field: value})
    with TemporaryDirectory() as folder:
        (Path(folder) / "secret").write_text(HIDDEN)
        in_file = str(Path(folder) / "secret") if each.is_secret else value
        file = toml(Path(folder), each.table, each.key, in_file)
        told = read_faults(service, beside | {"settings": file})
    assert f"{sentence} ({file}: {each.table}.{each.key})" in told
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(each.variable, str(value))
        faults = [told for told in read_faults(service, beside) if told.startswith(sentence)]
    assert len(faults) == 1
    assert each.variable in faults[0]


def test_what_a_setting_would_be_anyhow_may_be_said() -> None:
    assert [] == read_faults("gateway", SIMULATOR | {"webhook_host": "127.0.0.1"})


def read_faults(service: str, given: dict[str, Any]) -> list[str]:
    try:
        read(settings_class(service), given)
    except WrongSettingsError as error:
        return error.faults
    return []


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_setting_hangs_on_is_a_setting_of_the_service(service: str) -> None:
    by_field = {each.field: each for each in declared(settings_class(service))}
    for field, conditions in settings_class(service).only_with.items():
        assert field in by_field
        for only in conditions:
            assert set(only.values) <= set(by_field[only.field].choices)


@pytest.mark.parametrize("service", SERVICES)
def test_names_follow_one_rule_and_no_two_settings_share_one(service: str) -> None:
    there = declared(settings_class(service))
    for names in (
        [(each.table, each.key) for each in there],
        [each.variable for each in there],
        [each.option for each in there if each.option],
    ):
        assert len(names) == len(set(names))
    assert [] == [each.field for each in there if not each.about]
    assert all(each.variable.startswith("RATER_") for each in there)
    assert [] == [each for each in there if each.field.endswith("_s") and each.unit != "seconds"]
