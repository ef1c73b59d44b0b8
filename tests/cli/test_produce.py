"""`rater produce` before it meets a broker: which topics, which lines, what it says."""

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rater.cli.produce import PROBLEMS_MAX, produce
from rater.shell.admin.publish import Checked, LineCheck, LineProblem, Ready
from rater.shell.admin.readers import READERS, unreadable
from tests.corpus.poison.corpus import Case, read_cases
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_REQUESTS,
    ACCOUNT_SOURCES,
    BY_NAME,
    CATALOG,
    CDR_RAW,
    DEAD,
    RATE_DECKS,
    Topic,
)
from topics.keys import user_key

EXAMPLES = Path(__file__).parents[2] / "topics" / "examples"
GOOD = (EXAMPLES / "cdr.raw.v1.valid.jsonl").read_bytes().splitlines()[0]
NOBODY = "127.0.0.1:1"


def run(topic: str, text: bytes, *options: str) -> Result:
    return CliRunner().invoke(produce, [topic, "--broker", NOBODY, *options], input=text)


def checked(topic: Topic, text: bytes) -> list[Checked]:
    return list(LineCheck(topic).lines(io.BytesIO(text)))


def test_an_unknown_topic_is_answered_with_the_names() -> None:
    result = run("cdr.raw", b"")

    assert result.exit_code == 2
    assert "unknown topic 'cdr.raw'; there are cdr.raw.v1, account.commands.v1" in result.stderr


def test_decks_are_sent_by_their_own_command() -> None:
    result = run(RATE_DECKS.name, b"")

    assert result.exit_code == 2
    assert "rater deck load" in result.stderr


@pytest.mark.parametrize("topic", [topic.name for topic in CATALOG if topic.internal])
def test_internal_topics_are_refused(topic: str) -> None:
    result = run(topic, b"")

    assert result.exit_code == 2
    assert "internal" in result.stderr


@pytest.mark.parametrize(
    "topic", [t.name for t in CATALOG if not (t.by_hand or t.internal or t.made_by)]
)
def test_what_only_services_write_is_refused_unless_forced(topic: str) -> None:
    result = run(topic, b"")

    assert result.exit_code == 2
    assert f"{topic} is written by " in result.stderr
    assert "--force sends all the same" in result.stderr
    assert run(topic, b"", "--force").stdout == "no lines, nothing sent\n"


@pytest.mark.parametrize("topic", [t.name for t in CATALOG if t.internal])
def test_force_does_not_open_what_is_internal(topic: str) -> None:
    assert run(topic, b"", "--force").exit_code == 2


def test_only_what_charging_takes_can_be_waited_for() -> None:
    result = run("recharge.commands.v1", b"", "--wait")

    assert result.exit_code == 2
    assert "only account.commands.v1, account.requests.v1 and cdr.raw.v1 have" in result.stderr


def test_by_force_a_users_status_gets_the_users_key() -> None:
    (line,) = (EXAMPLES / "user.status.v1.valid.jsonl").read_bytes().splitlines()[:1]
    (ready,) = checked(BY_NAME["user.status.v1"], line)

    said = json.loads(line)
    assert isinstance(ready, Ready)
    assert ready.key == user_key(said["tenant_id"], said["user_id"])


def test_a_terminal_is_told_that_it_is_being_read() -> None:
    controller, terminal = os.openpty()
    os.write(controller, b"\x04")
    with os.fdopen(terminal, "rb") as file:
        result = CliRunner().invoke(produce, ["cdr.raw.v1", "--broker", NOBODY], input=file)
    os.close(controller)

    assert result.stderr == "reading cdr.raw.v1 from standard input; end with Ctrl-D\n"


def test_a_bad_line_is_named_with_number_field_and_value_and_nothing_is_sent() -> None:
    bad = GOOD.replace(b'"billsec": 61', b'"billsec": -61')
    result = run("cdr.raw.v1", b"\n".join([GOOD, b"", bad, GOOD, b"{oops", b""]))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "line 3: billsec: must be at least 0, found -61",
        (
            "line 5: not JSON: Expecting property name enclosed in double quotes at column 2, "
            "found {oops"
        ),
        "Error: nothing was sent to cdr.raw.v1",
    ]


def command(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, "command_id": "c1", "tenant_id": "acme", **fields}).encode()


USER = command("set_user", user_id="ann", usage_country="DE", montly_spend_limit_micros=5)
LICENCE = {"plan_id": "TEAM", "usage_country": "DE", "licences": 1}


@pytest.mark.parametrize(
    ("topic", "line", "said"),
    [
        (
            ACCOUNT_COMMANDS,
            USER,
            (
                "montly_spend_limit_micros: is not a known field "
                "(did you mean monthly_spend_limit_micros?), found 5"
            ),
        ),
        (
            ACCOUNT_COMMANDS,
            command("set_entitlements", entitlements=[LICENCE], valid_form="2026-12-01T00:00:00Z"),
            (
                "valid_form: is not a known field (did you mean valid_from?), "
                'found "2026-12-01T00:00:00Z"'
            ),
        ),
        (
            ACCOUNT_COMMANDS,
            command("set_entitlements", entitlements=[{**LICENCE, "colour": "red"}]),
            'entitlements[0].colour: is not a known field, found "red"',
        ),
        (
            ACCOUNT_REQUESTS,
            command("set_spend_limits", spend_per_our_micros=1),
            (
                "spend_per_our_micros: is not a known field "
                "(did you mean spend_per_hour_micros?), found 1"
            ),
        ),
        (
            BY_NAME["recharge.commands.v1"],
            command("resume_recharge", actr="ann"),
            'actr: is not a known field (did you mean actor?), found "ann"',
        ),
    ],
)
def test_a_field_that_workers_would_pass_over_is_refused_with_the_one_that_may_be_meant(
    topic: Topic, line: bytes, said: str
) -> None:
    (problem,) = checked(topic, line)

    assert isinstance(problem, LineProblem)
    assert str(problem) == f"line 1: {said}"


def test_a_misspelt_required_field_is_told_by_both_its_names() -> None:
    line = command("close_account").replace(b"tenant_id", b"tennant_id")

    assert [str(each) for each in checked(ACCOUNT_COMMANDS, line)] == [
        "line 1: tenant_id: is missing",
        'line 1: tennant_id: is not a known field (did you mean tenant_id?), found "acme"',
    ]


def test_unknown_fields_are_sent_when_that_is_asked_for_each_with_one_warning() -> None:
    lines = b"\n".join([USER, USER])
    refused = run(ACCOUNT_COMMANDS.name, lines)
    allowed = run(ACCOUNT_COMMANDS.name, lines, "--allow-unknown-fields")

    assert (refused.exit_code, allowed.exit_code) == (1, 2)
    assert "nothing was sent" in refused.stderr
    assert allowed.stderr.splitlines() == [
        (
            "warning: line 1: montly_spend_limit_micros: is not a known field "
            "(did you mean monthly_spend_limit_micros?); workers pass it over"
        ),
        "Error: no Kafka broker answers at 127.0.0.1:1 (set --broker or RATER_BROKER)",
    ]


def test_a_platforms_own_fields_of_cdrs_are_warned_of_once_and_sent() -> None:
    odd = GOOD.replace(b"{", b'{"sip_call": "a@b", "usage_contry": "FR", ', 1)
    result = run(CDR_RAW.name, b"\n".join([GOOD, odd, odd]))

    assert result.stderr.splitlines() == [
        "warning: line 2: sip_call: is not a known field; workers pass it over",
        "warning: line 2: usage_contry: is not a known field (did you mean usage_country?); workers pass it over",
        "Error: no Kafka broker answers at 127.0.0.1:1 (set --broker or RATER_BROKER)",
    ]


@pytest.mark.parametrize(
    ("topic", "line", "said"),
    [
        (
            ACCOUNT_COMMANDS,
            command("open_account", decks=["w"]),
            "currency: is missing, though there are decks",
        ),
        (
            ACCOUNT_COMMANDS,
            command("open_account", time_zone="Europe/Pariss"),
            'time_zone: must be the name of an IANA time zone, found "Europe/Pariss"',
        ),
        (
            ACCOUNT_REQUESTS,
            command("set_time_zone", time_zone="Mars/Base"),
            'time_zone: must be the name of an IANA time zone, found "Mars/Base"',
        ),
        (
            ACCOUNT_COMMANDS,
            command(
                "add_funds",
                lot_id="L1",
                amount_micros=1,
                currency="USD",
                purchased_at="2026-11-01T00:00:00Z",
                expires_at="2026-12-01T00:00:00Z",
            ),
            "expires_at: must not be there, but of promotional credit",
        ),
        (
            CDR_RAW,
            GOOD.replace(b'"ended_at": "', b'"ended_at": "2001-01-01T00:00:00Z", "x": "'),
            "ended_at: must not be before what precedes it",
        ),
    ],
)
def test_what_a_worker_would_bury_is_refused_though_the_schema_lets_it_pass(
    topic: Topic, line: bytes, said: str
) -> None:
    problems = [str(each) for each in checked(topic, line) if isinstance(each, LineProblem)]

    assert len(problems) == 1
    assert problems[0].startswith(f"line 1: {said}")


BURIED = [
    case
    for case in read_cases(*READERS)
    if case.value is not None and unreadable(case.topic, case.value) is not None
]


@pytest.mark.parametrize("case", BURIED, ids=lambda case: case.name)
def test_nothing_that_a_worker_buries_is_sent(case: Case) -> None:
    # A line has no blanks around it: of them alone nothing is left.
    line = (case.value or b"").strip()
    said = list(LineCheck(BY_NAME[case.topic], takes_strays=True).lines([line]))

    assert not [each for each in said if isinstance(each, Ready)]


def test_every_topic_that_people_write_is_read_as_its_worker_reads_it() -> None:
    assert {topic.name for topic in CATALOG if topic.by_hand} <= READERS.keys()
    assert {topic.name for topic in ACCOUNT_SOURCES} <= READERS.keys()


def test_after_twenty_problems_the_check_stops() -> None:
    result = run("cdr.raw.v1", b"[]\n" * 100)

    assert result.exit_code == 1
    assert PROBLEMS_MAX == 20
    assert len(result.stderr.splitlines()) == PROBLEMS_MAX + 1
    assert "stopped after 20 problems" in result.stderr


def test_a_name_twice_in_one_line_is_an_error() -> None:
    result = run("cdr.raw.v1", GOOD.replace(b"{", b'{"billsec": 1, ', 1))

    assert result.exit_code == 1
    assert "line 1: billsec: stands twice in one object, found 61" in result.stderr


def test_a_record_larger_than_the_topic_takes_is_an_error() -> None:
    line = GOOD[:-1] + b', "blob": "' + b"x" * ACCOUNT_COMMANDS.max_message_bytes + b'"}'
    (problem,) = checked(ACCOUNT_COMMANDS, line)

    assert "line 1: 1049" in str(problem)
    assert "bytes, the topic takes 1048320" in str(problem)


def test_an_empty_file_is_nothing_to_send_and_needs_no_broker() -> None:
    result = run("cdr.raw.v1", b"\n \n")

    assert (result.exit_code, result.stdout) == (0, "no lines, nothing sent\n")


def test_a_broker_that_does_not_answer_is_one_clear_line() -> None:
    result = run("cdr.raw.v1", GOOD)

    assert result.exit_code == 2
    assert result.stderr == (
        "Error: no Kafka broker answers at 127.0.0.1:1 (set --broker or RATER_BROKER)\n"
    )


def test_a_line_is_sent_as_it_was_written_with_its_tenant_as_the_key() -> None:
    (ready,) = checked(CDR_RAW, b"  " + GOOD + b" \r\n")

    assert ready == Ready(b"acme", GOOD, None)


def test_a_dead_letter_keeps_its_own_key_and_without_one_its_partition() -> None:
    lines = (EXAMPLES / "cdr.dead.v1.valid.jsonl").read_bytes()
    odd = json.loads(lines.splitlines()[0]) | {"key_b64": "not base64!"}
    keys = [r[::2] if isinstance(r, Ready) else str(r) for r in checked(DEAD, lines)]

    assert keys == [(b"acme", None), (None, 2), (b"initech", None), (b"initech", None), (None, 2)]
    assert [str(p) for p in checked(DEAD, json.dumps(odd).encode())] == [
        "line 1: key_b64: must be base64, found not base64!"
    ]


@pytest.mark.parametrize(
    "topic",
    [t for t in CATALOG if not t.internal and not t.made_by],
    ids=lambda topic: topic.name,
)
def test_every_golden_record_is_ready_to_be_sent(topic: Topic) -> None:
    text = (EXAMPLES / f"{topic.name}.valid.jsonl").read_bytes()

    items = list(LineCheck(topic, takes_strays=True).lines(io.BytesIO(text)))
    assert not [str(item) for item in items if isinstance(item, LineProblem)]
