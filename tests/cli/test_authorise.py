"""`rater authorise`: what is asked for wrongly is said before anything is read; with a broker: tests/e2e."""

import json

import pytest
from click.testing import CliRunner

from rater.cli.authorise import answered, authorise
from rater.cli.gatekeeper import gatekeeper
from rater.shell.process.exit_code import ExitCode
from rater.wire.authorisation.questions import BadRequest, read_question


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "112"), "--to is of a call: it needs --tenant"),
        (("--call-type", "user_out"), "--call-type is of a call: it needs --tenant"),
        (("--tenant", "acme"), "--tenant needs --to"),
        (("--tenant", "acme", "--to", "112", "--direction", "up"), "'up' is not one of"),
    ],
)
def test_what_makes_no_question_is_said(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(authorise, words)

    assert done.exit_code == ExitCode.CANNOT_RUN
    assert said in done.stderr


def test_without_a_broker_nothing_is_answered() -> None:
    asked = ("--tenant", "acme", "--to", "112", "--broker", "localhost:1")
    done = CliRunner().invoke(authorise, asked)

    assert (done.exit_code, done.stdout) == (ExitCode.CANNOT_RUN, "")
    assert "localhost:1" in done.stderr


@pytest.mark.parametrize(
    "words", [("--stale-after", "0"), ("--longest", "2678401"), ("--calls-per-user", "0")]
)
def test_a_gatekeeper_is_not_started_with_what_cannot_be(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(gatekeeper, words)

    assert done.exit_code == ExitCode.CANNOT_RUN
    assert words[0] in done.stderr


def test_a_line_that_cannot_be_read_is_answered_as_the_gatekeeper_does_with_its_number() -> None:
    bad = read_question(b'{"tenant_id":"acme","to":"+33612345678","usr_id":"ann"}')
    assert isinstance(bad, BadRequest)
    text, is_allowed = answered(bad, 3)

    assert not is_allowed
    assert json.loads(text) == {
        "allowed": False,
        "max_duration_s": 0,
        "reason": "bad_request",
        "detail": "usr_id: is not a known field (did you mean user_id?)",
        "line": 3,
    }
    assert "line" not in json.loads(answered(bad, None)[0])
