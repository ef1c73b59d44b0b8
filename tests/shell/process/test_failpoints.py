"""Failpoints: named places at which a test kills the worker."""

import os
import signal
import subprocess
import sys

import pytest

from rater.shell.process.failpoints import (
    FAILPOINTS,
    NOTIFIER_FAILPOINTS,
    VARIABLE,
    failpoint,
    read_setting,
)


def run(setting: str | None, code: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if setting is not None:
        environment[VARIABLE] = setting
    return subprocess.run(
        [sys.executable, "-c", f"from rater.shell.process.failpoints import failpoint\n{code}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", [*FAILPOINTS, *NOTIFIER_FAILPOINTS])
def test_a_place_that_nobody_asked_for_is_passed(name: str) -> None:
    failpoint(name)


def test_a_setting_is_a_name_and_how_often_it_is_passed() -> None:
    assert read_setting("before_commit") == ("before_commit", 1)
    assert read_setting("after_apply:7") == ("after_apply", 7)


@pytest.mark.parametrize("text", ["nowhere", "before_commit:x", "before_commit:-1", ""])
def test_a_wrong_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=VARIABLE):
        read_setting(text)


def test_the_process_dies_when_the_place_is_passed_for_the_nth_time() -> None:
    code = "for n in range(3): failpoint('before_commit'); print(n, flush=True)"
    done = run("before_commit:2", code)

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "0\n")


def test_a_wrong_setting_stops_the_process_at_its_start() -> None:
    done = run("nowhere:1", "print('up')")

    assert (done.returncode, done.stdout) == (1, "")
    assert "must be NAME or NAME:COUNT" in done.stderr
