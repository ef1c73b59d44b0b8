"""The check of what is shipped says what it lacks and then tries nothing; the check itself is `make check-deploy`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.shipped import __main__ as shipped
from deploy.shipped import files, image, machine, story, tools

ROOT = Path(__file__).parent.parent


def never(*_: Any) -> None:
    raise AssertionError("it was tried")


def test_what_is_missing_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "path", lambda tool: None if tool == "buildah" else f"/bin/{tool}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(files, "check_dockerfile", never)

    assert shipped.main() == 2

    assert capsys.readouterr().err.splitlines() == [
        "check-deploy: nothing was tried; missing here:",
        "  buildah: apt-get install --no-install-recommends buildah",
        "  root: containers are run without an engine",
    ]


def test_a_fault_is_told_with_what_the_program_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(shipped, "missing", list)
    monkeypatch.setattr(shipped, "CACHE", tmp_path)
    said = ("sh", "-c", "echo DL3006 found; exit 1")
    monkeypatch.setattr(files, "check_dockerfile", lambda: tools.run(*said))

    assert shipped.main() == 1

    err = capsys.readouterr().err
    assert "exit code 1" in err
    assert "DL3006 found" in err


@pytest.mark.parametrize(("written", "seconds"), [("30s", 30), ("1m0s", 60), ("1m30s", 90)])
def test_a_time_of_compose_is_read(written: str, seconds: int) -> None:
    assert machine._seconds(written) == seconds


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(tools.WrongError, match="stop_grace_period"):
        machine._seconds("soon")


def test_the_story_starts_every_service_of_the_composition() -> None:
    composed: Mapping[str, Any] = yaml.safe_load(
        (ROOT / "deploy" / "compose" / "compose.yaml").read_text()
    )["services"]
    ours = {name for name, told in composed.items() if "build" in told}

    assert {*story.SERVICES, "canary", "set-up", "load", "cli"} == ours
    assert set(files.PROFILES) == {each for told in composed.values() for each in told["profiles"]}
    assert image.BUILD_PACKAGES.startswith("gcc libc6-dev")
