"""Failpoints: named places in a step where a test kills the worker.

`RATER_FAILPOINT=before_commit:7` ends the process with SIGKILL when that place is passed for the seventh time. A test
enumerates those of its service, so that a new one cannot be forgotten; a name that is not there is refused at once.
"""

import os
import re
import signal

FAILPOINTS = (
    "before_sends",
    "after_piece",
    "before_places",
    "before_manifest",
    "before_commit",
    "before_apply",
    "after_apply",
)
"""Those of a step (`shell/step.py`); in charging they have no prefix."""
RECHARGE_FAILPOINTS = tuple(f"recharge_{name}" for name in FAILPOINTS)
GATEWAY_FAILPOINTS = (
    "before_look_up",
    "before_charge",
    "after_charge",
    "before_withdrawal",
    "after_withdrawal",
    "after_result",
    "before_offset_commit",
    "after_offset_commit",
    "before_dead_letter",
    "after_dead_letter",
    "webhook_before_result",
    "webhook_after_result",
)
NOTIFIER_FAILPOINTS = (
    "before_sending_mark",
    "after_sending_mark",
    "after_smtp",
    "after_sent_mark",
    "before_webhook_mark",
    "after_webhook_mark",
    "after_webhook",
    "after_webhook_sent_mark",
    "before_undelivered",
    "after_undelivered",
    "before_offset_commit",
)
DEAD_LETTERS_FAILPOINTS = (
    "dead_letters_after_sends",
    "dead_letters_before_commit",
    "dead_letters_after_commit",
)
ALL = (
    *(FAILPOINTS + RECHARGE_FAILPOINTS + GATEWAY_FAILPOINTS + NOTIFIER_FAILPOINTS),
    *DEAD_LETTERS_FAILPOINTS,
)
_COUNT = re.compile("[0-9]{1,9}")
VARIABLE = "RATER_FAILPOINT"
"""For tests: PLACE:N ends the process by SIGKILL when it passes that place for the Nth time; unset in production."""


def read_setting(text: str) -> tuple[str, int]:
    """Return name and count of a setting; a wrong one raises ValueError."""
    name, _, count = text.partition(":")
    if name not in ALL or not _COUNT.fullmatch(count or "1"):
        msg = f"{VARIABLE}: {text!r}, must be NAME or NAME:COUNT with a name of {', '.join(ALL)}"
        raise ValueError(msg)
    return name, int(count or "1")


_armed = os.environ.get(VARIABLE)
try:
    _left = dict([read_setting(_armed)]) if _armed else {}
except ValueError as error:
    # A service that cannot be loaded says so in a line.
    raise ImportError(str(error)) from error


def failpoint(name: str) -> None:
    """Pass a place; kill the process if a test has asked for it."""
    if _left and name in _left:
        _left[name] -= 1
        if _left[name] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
