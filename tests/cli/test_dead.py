"""`rater dead`: what it refuses before anything is read, and how letters are shown to people."""

import json

import pytest
from click.testing import CliRunner

from rater.cli.dead import _tell_more, dead
from rater.cli.dead_shown import SHOWN_MAX, as_text, groups_of, letter_fields, letter_lines
from rater.core.limits import DEAD_BYTES_KEPT_MAX
from rater.shell.dead_letters.desk import Desk
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.wire.settings.currencies import shipped_book
from tests.shell.dead_letters.letters import ACME, AT_MS, TOPIC, dead_of, letter
from topics.records.charging_settings import NumberMask

MASKS = (NumberMask("", 4),)
BY = ("--by", "ann")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay", *BY), "say which letters, or --all"),
        (("drop", *BY), "say which letters, or --all"),
        (("drop", "--all"), "Missing option '--by'"),
        (("drop", "--all", "--by", "ann smith"), "--by: must be 1 to 128 characters"),
        (("drop", "--all", *BY, "--job", "x" * 65), "--job: must be 1 to 64 characters"),
        (("drop", "--all", *BY, "--reason", "x" * 1_001), "--reason: must have at most 1000"),
        (("replay", "--all", *BY, "--with", "/nowhere"), "/nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    words: tuple[str, ...], said: str
) -> None:
    done = CliRunner().invoke(dead, [*words, "--broker", "localhost:1"])

    assert done.exit_code in {1, 2}
    assert said in done.output


def test_letters_are_counted_by_tenant_topic_and_reason_with_the_oldest() -> None:
    letters = [
        letter(1, since_ms=AT_MS + 2),
        letter(2, since_ms=AT_MS + 1),
        letter(3, key=None, value=b"{"),
        letter(4, topic="cdr.raw.v1"),
    ]

    assert [(g.tenant, g.topic, g.letters, g.oldest_ms) for g in groups_of(letters)] == [
        ("acme", "cdr.raw.v1", 1, AT_MS + 5),
        ("acme", TOPIC, 2, AT_MS + 1),
        (None, TOPIC, 1, AT_MS + 5),
    ]
    assert groups_of(letters)[2].row()[0] == "-"


def test_a_record_is_shown_as_it_was_written_and_commands_no_terminal() -> None:
    value = b'{"note":"\x1b[2J\xe2\x80\xae","n":\xff'
    shown = letter_lines(letter(value=value), dead_of(value), ())

    assert shown[0] == f"{TOPIC}/{ACME}/7  not_json  acme"
    assert shown[3] == r'  {"note":"\x1b[2J\u202e","n":\xff'
    assert all(each.isprintable() for each in shown)


def test_digits_that_settings_hide_are_hidden_in_value_key_and_detail() -> None:
    value = b'{"to":"+33612345678"'
    said = json.dumps(letter_fields(letter(value=value), dead_of(value, b"+33612345678"), MASKS))

    assert "+33612345678" not in said
    assert said.count("+3361234****") == 2


def test_a_record_that_was_cut_or_is_long_says_how_long_it_was() -> None:
    long, cut = b"x" * (SHOWN_MAX + 1), b"x" * (DEAD_BYTES_KEPT_MAX + 1)

    for value in (long, cut):
        shown = letter_lines(letter(value=value), dead_of(value), ())[3]
        assert shown.endswith(f" ... ({len(value):,} bytes)")
        assert len(shown) < SHOWN_MAX + 50
        assert letter_fields(letter(value=value), dead_of(value), ())["value_bytes"] == len(value)


def test_a_record_without_key_and_value_says_so_and_a_batch_where_it_ends() -> None:
    shown = letter_lines(letter(), dead_of(None, None, last_offset=9), ())

    assert shown[0].startswith(f"{TOPIC}/{ACME}/7 to 9  not_json")
    assert "no key" in shown[2]
    assert shown[3] == "  no value"


@pytest.mark.parametrize(("count", "says"), [(2, False), (3, True)])
def test_of_more_letters_than_are_looked_at_it_is_said_and_not_of_just_as_many(
    count: int, *, says: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = OpenLetters(most=2)
    for number in range(count):
        letters.add(letter(number, number))
    _tell_more(Desk(None, {}, shipped_book(), letters))  # type: ignore[arg-type]

    said = "no more than 2 are looked at, and there are more: when these are ended, run it again\n"
    assert capsys.readouterr().err == (said if says else "")


def test_text_of_any_bytes_is_one_line() -> None:
    every = bytes(range(256))

    assert as_text(every).isprintable()
    assert as_text("Zürich".encode()) == "Zürich"
