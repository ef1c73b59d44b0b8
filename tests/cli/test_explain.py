"""`rater explain`: what it says to people and to programs, and how it ends."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rater.cli import explain as module
from rater.shell.enquiries.explaining import NotFoundError, Question
from rater.views.explanation.differences import Difference
from rater.views.explanation.evidence import Posted
from rater.views.explanation.explanation import Explained, Explanation
from rater.wire.account.entries import decode_entry
from tests.test_scenarios import STORIES
from tests.views.explanation.test_stories import heard
from tests.views.explanation.walk import Step, Walk
from topics.records import ChargeReversed

TOPICS = Path(__file__).parents[2] / "topics/examples"


def ask(monkeypatch: pytest.MonkeyPatch, found: Explanation | Exception, *options: str) -> Result:
    @asynccontextmanager
    async def enquiring(_broker: Any) -> AsyncIterator[None]:
        yield None

    async def answer(_enquiry: Any, question: Question) -> Explanation:
        assert (question.tenant_id, question.cdr_id) == ("acme", "c1")
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("rater.cli.enquiry.enquiring", enquiring)
    monkeypatch.setattr(module, "answer", answer)
    return CliRunner().invoke(module.explain, ["c1", "--tenant", "acme", *options])


def first_step(story: str) -> Step:
    path = next(each for each in STORIES if each.stem == story)
    return next(iter(Walk(heard(path)).steps()))


def explanation(story: str) -> Explanation:
    step = first_step(story)
    found = Explanation("acme", "c1", "the charge index")
    found.explained.append(step.with_events())
    return found


STORY = STORIES[0].stem


def test_people_are_told_the_way_to_the_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, explanation(STORY))

    assert done.exit_code == 0, done.output
    for name in ("deck", "row", "span", "line", "charge", "paid by", "balance"):
        assert f"\n  {name:<10}" in done.output, done.output
    assert "agrees with what was booked" in done.output


def test_programs_get_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, explanation(STORY), "--json")

    said = json.loads(done.output)
    assert (said["agrees"], said["stands"], len(said["charges"])) == (True, "rated", 1)


def test_what_differs_is_named_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    found = explanation(STORY)
    found.explained[0].event_differences.append(Difference("acme/3", "charge_micros", 5, 6))
    done = ask(monkeypatch, found)

    assert done.exit_code == 1
    assert "DIFFERS   acme/3 charge_micros: booked 6, must be 5" in done.output


def test_what_is_not_known_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, NotFoundError("nothing is known of CDR 'c1'"))

    assert done.exit_code == 2
    assert "nothing is known of CDR 'c1'" in done.output


def test_until_goes_with_from(monkeypatch: pytest.MonkeyPatch) -> None:
    done = ask(monkeypatch, explanation(STORY), "--until", "1h")

    assert done.exit_code == 2
    assert "--until goes with --from" in done.output


def test_who_had_a_charge_rated_again_and_why_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Explanation("acme", "c1", "the charge index")
    taken_back = next(
        entry
        for line in (TOPICS / "ledger.entries.v1.valid.jsonl").read_bytes().splitlines()
        if isinstance(entry := decode_entry(line), ChargeReversed) and entry.by == "rerating"
    )
    found.explained.append(Explained([Posted(7, taken_back.at_ms, taken_back)], None))

    said = json.loads(ask(monkeypatch, found, "--json").output)["history"][0]
    assert (said["actor"], said["job_id"], said["why"]) == (
        *("ann@globex.example", "march", "Version 3 of the deck was wrong."),
    )
    told = ask(monkeypatch, found).output
    assert "[asked by ann@globex.example, job march: Version 3 of the deck was wrong.]" in told
