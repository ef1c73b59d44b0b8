"""A process that was told to stop and hangs is ended by force; one that ends by itself is not kept."""

import subprocess
import sys
import time

from rater.shell.process.exit_code import ExitCode

HANGS = """
import time
from rater.shell.process.force import end_by_force
end_by_force({within_s})
time.sleep({sleep_s})
"""


def run(within_s: float, sleep_s: float) -> tuple[int, str]:
    program = HANGS.format(within_s=within_s, sleep_s=sleep_s)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


def test_what_hangs_is_ended_and_says_so() -> None:
    code, said = run(0.2, 60)

    assert code == ExitCode.FAILED
    assert "not stopped within" in said


def test_what_ends_by_itself_is_not_waited_for() -> None:
    began = time.monotonic()
    code, said = run(60, 0)

    assert (code, said) == (0, "")
    assert time.monotonic() - began < 60
