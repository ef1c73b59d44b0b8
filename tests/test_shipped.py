"""The check of what is shipped says what it lacks and then tries nothing; the check itself is `make check-deploy`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
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


ENDED = """
import sys
from pathlib import Path
from deploy.shipped import __main__ as shipped, machine

service = dict.fromkeys(("environment", "command", "entrypoint"), {})
service |= {"cap_drop": [], "security_opt": [], "restart": "always"}


def play(folder):
    with machine.Machine(folder, {"services": {"kafka": service}, "configs": {}}) as made:
        made.beside("sh", "-c", "sleep 600 & echo $! >&2; wait", log="beside")
        made.start("kafka")
        made.run("kafka")


shipped.missing, shipped._try, machine.logins.main = list, play, lambda _: 0
sys.exit(shipped.main())
"""
PODMAN = """#!/bin/sh
echo "$@" >> {told}
case " $* " in
    *" inspect "*) echo 1 ;;
    *" --rm --name "*) sleep 600 & echo $! >> {sleeping}; wait ;;
esac
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_ends_the_check_finds_nothing_that_it_has_started(
    tmp_path: Path, number: signal.Signals
) -> None:
    """With programs that do as podman and nsenter: what is left is asked of the machine itself."""
    told, sleeping = tmp_path / "told", tmp_path / "sleeping"
    _program(tmp_path / "podman", PODMAN.format(told=told, sleeping=sleeping))
    _program(tmp_path / "nsenter", f'#!/bin/sh\nshift 2\nexec "$@" 2>> {sleeping}\n')
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    with subprocess.Popen([sys.executable, "-c", ENDED], cwd=ROOT, env=environment) as process:
        try:
            asleep = _two_lines(sleeping, process)
            process.send_signal(number)
            assert process.wait(60) == 128 + number
        finally:
            process.kill()

    calls = told.read_text().splitlines()
    made = {call.split(" --name ")[1].split()[0] for call in calls if " --name " in call}
    removed = [call.rsplit(" ", 1)[1] for call in calls if " rm --force " in call]
    assert len(made) == 3
    assert made == set(removed)
    assert removed[-1] == min(made, key=len), "the network is the last"
    assert [pid for pid in asleep if _runs(pid)] == []


def test_a_signal_in_the_middle_of_a_start_ends_what_runs_by_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program may have begun its work before whoever started it has heard that it runs."""
    begun: list[int] = []

    class Interrupted(subprocess.Popen[Any]):
        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **options)
            begun.append(self.pid)
            os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    made = machine.Machine(tmp_path, {"services": {}, "configs": {}})

    def play(start: Callable[[], object]) -> None:
        try:
            with shipped._ended_in_order():
                start()
        finally:
            made.end()

    for start in (
        lambda: tools.run("sleep", "600"),
        lambda: made.beside("sleep", "600", log="beside"),
    ):
        with pytest.raises(SystemExit) as left:
            play(start)
        assert left.value.code == 128 + signal.SIGHUP
    assert len(begun) == 2
    assert [pid for pid in begun if _runs(str(pid))] == []


def test_of_what_is_ended_nothing_runs_when_that_is_over(tmp_path: Path) -> None:
    """The first process of a session may end before those that it has started."""
    told = tmp_path / "told"
    lines = f'(trap "" TERM; echo $$ > {told}; exec sleep 600) & wait'
    process = subprocess.Popen(["sh", "-c", lines], start_new_session=True)
    while not told.exists() or not told.read_text():
        time.sleep(0.01)
    tools.end_all(process)

    assert process.returncode is not None
    assert not tools._runs(process.pid)


def _runs(pid: str) -> bool:
    """Say whether a process runs; one that has ended may wait there for somebody to ask for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def _program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def _two_lines(file: Path, process: "subprocess.Popen[bytes]") -> list[str]:
    """Wait until both programs have told which process they have begun."""
    deadline = time.monotonic() + 60
    while len(lines := file.read_text().split() if file.exists() else []) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline, lines
        time.sleep(0.05)
    return lines
