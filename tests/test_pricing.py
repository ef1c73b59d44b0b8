"""The public Python API: three lines price a call, typed, and bad input is refused by the name of its field."""

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rater import pricing
from rater.cli import price as command
from rater.pricing import CallError, Deck, DeckError, Price, load_deck, price

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "rater" / "data" / "sample_deck.csv"
AT = "2026-11-02T09:00:00Z"


@pytest.fixture(scope="module")
def deck() -> Deck:
    return load_deck(SAMPLE)


def test_the_examples_of_the_module_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert doctest.testmod(pricing).failed == 0


def test_three_lines_price_a_call(deck: Deck) -> None:
    found = price(deck, to="+33612345678", answered_at=AT, duration_s=219)

    assert (found.outcome, found.reason, found.is_priced) == ("rated", None, True)
    assert (found.charge, found.currency) == (Decimal("0.1264"), "USD")
    assert (found.prefix, found.destination, found.number_type) == (
        "336",
        "France mobile",
        "mobile",
    )
    (span,) = found.spans
    assert (span.start, span.seconds, span.billed_s) == (
        datetime(2026, 11, 2, 9, tzinfo=UTC),
        219,
        240,
    )
    assert (span.rate, span.per_s, span.amount) == (Decimal("0.0316"), 60, Decimal("0.1264"))


def test_the_readme_shows_the_three_lines_and_what_they_print() -> None:
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    parsed = doctest.DocTestParser().get_doctest(block[1], {}, "README.md", None, None)
    done = subprocess.run(
        [sys.executable, "-c", "".join(example.source for example in parsed.examples[:-1])
         + f"print(repr({parsed.examples[-1].source.strip()}))"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert len(parsed.examples) == 3
    assert (done.stdout, done.stderr) == (parsed.examples[-1].want, "")


@pytest.mark.parametrize(
    "to", ["+33612345678", "112", "+19005551234", "+999123456789", "+3361234****"]
)
def test_python_and_the_command_line_say_the_same(deck: Deck, to: str) -> None:
    options = ["--deck", str(SAMPLE), "--to", to, "--answered-at", AT, "--duration", "61"]
    printed = json.loads(CliRunner().invoke(command.price, options).stdout)
    found = price(deck, to=to, answered_at=AT, duration_s=61)

    def text(amount: Decimal | None) -> str | None:
        return None if amount is None else str(amount)

    assert printed["outcome"] == found.outcome
    assert printed["reason"] == found.reason
    assert printed.get("detail") == found.detail
    assert printed["charge"] == text(found.charge)
    assert printed["billed_seconds"] == found.billed_s
    assert [span["amount"] for line in printed["lines"] for span in line.get("spans", ())] == [
        str(s.amount) for s in found.spans
    ]


def test_an_offset_may_have_seconds_as_local_mean_time_had(deck: Deck) -> None:
    at = datetime(2026, 11, 2, 10, 2, 3, tzinfo=timezone(timedelta(hours=1, minutes=2, seconds=3)))

    found = price(deck, to="+33612345678", answered_at=at, duration_s=219)

    assert found == price(deck, to="+33612345678", answered_at=AT, duration_s=219)


def test_an_aware_datetime_is_a_time_and_a_naive_one_is_not(deck: Deck) -> None:
    aware = datetime(2026, 11, 2, 9, tzinfo=UTC)

    assert price(deck, to="+33612345678", answered_at=aware, duration_s=60).charge
    with pytest.raises(CallError, match="answered_at: "):
        price(deck, to="+33612345678", answered_at=aware.replace(tzinfo=None), duration_s=60)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "nobody"}, "to"),
        ({"answered_at": "2026-11-02"}, "answered_at"),
        ({"duration_s": -1}, "duration_s"),
        ({"duration_s": 1.5}, "duration_s"),
        ({"duration_s": True}, "duration_s"),
        ({"duration_s": Decimal(1)}, "duration_s"),
        ({"duration_s": 2**70}, "duration_s"),
        ({"to": None}, "to"),
        ({"answered_at": 1_793_606_400}, "answered_at"),
        ({"answered_at": None}, "answered_at"),
        ({"answered_at": "\ud800"}, "answered_at"),
        (
            {"answered_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=23)))},
            "answered_at",
        ),
        ({"to": "+3361\ud800"}, "to"),
        ({"to": b"112"}, "to"),
        ({"from_": "3" * 65}, "from_"),
        ({"duration_s": 10**5_000}, "duration_s"),
        ({"direction": "sideways"}, "direction"),
        ({"direction": None}, "direction"),
        ({"direction": ""}, "direction"),
        ({"direction": []}, "direction"),
        ({"country": "France"}, "country"),
        ({"service_number_type": ""}, "service_number_type"),
    ],
)
def test_a_call_that_cannot_be_read_names_its_argument(
    deck: Deck, wrong: dict[str, Any], field: str
) -> None:
    call: dict[str, Any] = {"to": "+33612345678", "answered_at": AT, "duration_s": 60}

    with pytest.raises(CallError) as raised:
        price(deck, **{**call, **wrong})
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"currency": "dollars"}, "currency"),
        ({"currency": None}, "currency"),
        ({"deck_id": 7}, "deck_id"),
        ({"deck_id": "a b"}, "deck_id"),
        ({"valid_from": "today"}, "valid_from"),
        ({"time_zone": "Paris"}, "time_zone"),
        ({"band_policy": "end"}, "band_policy"),
        ({"path": "x\0y"}, "path"),
        ({"path": None}, "path"),
        ({"path": 7}, "path"),
        ({"path": b"deck.csv"}, "path"),
        ({"path": "\ud800"}, "path"),
        ({"calendars": "x\0y"}, "calendars"),
        ({"calendars": 7}, "calendars"),
        ({"calendars": "\ud800"}, "calendars"),
        ({"currency": "\ud800"}, "currency"),
        ({"time_zone": "\ud800"}, "time_zone"),
        ({"time_zone": "a" * 5_000}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "\0"}, "time_zone"),
        ({"valid_from": "\ud800"}, "valid_from"),
        ({"valid_from": "1999-12-31T23:59:59Z"}, "valid_from"),
    ],
)
def test_what_is_said_of_a_deck_is_refused_by_its_argument(
    wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(DeckError) as raised:
        load_deck(**{"path": SAMPLE, **wrong})
    assert raised.value.field == field


def test_a_deck_with_faults_names_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("prefix,rate\n33,cheap\nx,0.1\n")

    with pytest.raises(DeckError) as raised:
        load_deck(path)
    assert [(fault.line, fault.column) for fault in raised.value.faults] == [
        (2, "rate"),
        (3, "prefix"),
    ]
    assert raised.value.field == "path"


def test_a_deck_that_is_not_yet_in_force_prices_nothing() -> None:
    deck = load_deck(SAMPLE, valid_from="2027-01-01T00:00:00Z")
    found = price(deck, to="+33612345678", answered_at=AT, duration_s=60)

    assert (found.outcome, found.reason, found.charge) == ("unrated", "unknown_deck", None)
    assert not found.is_priced


def test_every_public_name_says_what_it_is() -> None:
    def documented(thing: Callable[..., object] | type) -> bool:
        return bool(thing.__doc__)

    assert all(documented(getattr(pricing, name)) for name in pricing.__all__)
    assert {field.name for field in fields(Price)} >= {"charge", "currency", "lines"}


def test_others_check_their_code_against_its_types(tmp_path: Path) -> None:
    """A user's module that is right is accepted by mypy, one that takes the charge for a float is not."""
    right = (
        "from decimal import Decimal\n"
        "from rater.pricing import load_deck, price\n"
        "deck = load_deck('deck.csv', currency='EUR')\n"
        "charge: Decimal | None = price(deck, to='+331', answered_at='', duration_s=1).charge\n"
    )
    (tmp_path / "right.py").write_text(right)
    (tmp_path / "wrong.py").write_text(right.replace("Decimal | None", "float"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent",
         "--config-file", str(ROOT / "pyproject.toml"), "right.py", "wrong.py"],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    (error, summary) = done.stdout.splitlines()
    assert error.startswith("wrong.py:4: error: Incompatible types in assignment")
    assert summary.startswith("Found 1 error in 1 file")


def test_calendars_of_a_deck_come_of_a_file(tmp_path: Path) -> None:
    path, dates = tmp_path / "deck.csv", tmp_path / "dates.csv"
    path.write_text("prefix,rate,calendar\n33,0.6,\n33,0.3,holidays\n")
    dates.write_text("calendar,date\nholidays,2026-11-02\n")

    found = price(load_deck(path, calendars=dates), to="+33142685300", answered_at=AT, duration_s=9)

    assert found.charge == Decimal("0.30")
    with pytest.raises(DeckError) as raised:
        load_deck(path, calendars=tmp_path / "none.csv")
    assert raised.value.field == "calendars"


def test_a_call_in_grace_says_so(tmp_path: Path) -> None:
    path = tmp_path / "deck.csv"
    path.write_text("prefix,rate,grace_s\n33,0.6,6\n")

    found = price(load_deck(path), to="+33142685300", answered_at=AT, duration_s=5)

    assert (found.outcome, found.reason, found.charge) == ("free", "grace", Decimal(0))
    assert found.lines == ()
    assert found.detail == "duration: shorter than the grace of 6 seconds of prefix 33"
