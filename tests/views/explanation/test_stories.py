"""Every charge of every story is explained: what is worked out is what was booked, and what was told of it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.views.explanation.beginning import account_before
from rater.views.explanation.folded import Folded
from tests.story import Story
from tests.test_scenarios import STORIES
from tests.views.explanation.walk import Heard, Step, Walk
from topics.records import BalanceCarriedForward


@cache
def heard(path: Path) -> Heard:
    story = Story()
    found = Heard(story.simulator)
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#") and not line.strip().startswith("->"):
            list(story.take(line.split()))
    return found


def steps(path: Path) -> Iterator[Step]:
    return Walk(heard(path)).steps()


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_what_is_worked_out_is_what_was_booked(path: Path) -> None:
    for step in steps(path):
        told = step.with_events()

        assert not told.differences, (path.stem, told.differences)
        assert not told.unheld, (path.stem, told.unheld)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_so_it_is_where_the_records_are_kept_no_more(path: Path) -> None:
    for step in steps(path):
        told = step.told(gone=True)

        assert not told.differences, (path.stem, told.differences)
        assert told.unheld, path.stem


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_price_alone_is_worked_out_without_the_account(path: Path) -> None:
    for step in steps(path):
        told = step.told(alone=True)

        assert not told.differences, (path.stem, told.differences)


def test_so_it_is_from_the_month_on() -> None:
    """With what the account was carried forward with, instead of all that was before."""
    count = 0
    for path in STORIES:
        for step in steps(path):
            told = step.told_of_month()
            if told is not None:
                count += 1
                assert not told.differences, (path.stem, told.differences)
    assert count > 20


def test_there_are_many() -> None:
    assert sum(1 for path in STORIES for _ in steps(path)) > 100


def test_an_account_begins_with_a_month_as_it_was_before_it() -> None:
    """From the entry that carries it forward as from all that were before."""
    count = 0
    for path in STORIES:
        for entries in heard(path).ledger.values():
            folded: dict[str, Folded] = {}
            for posted, rules in entries:
                entry = posted.entry
                account = folded.setdefault(entry.tenant_id, Folded()).account
                if isinstance(entry, BalanceCarriedForward) and account is not None:
                    count += 1
                    assert stated(account_before(entry)) == stated(account), (path.stem, entry)
                folded[entry.tenant_id].take(entry, rules)
    assert count > 20


def stated(account: Account) -> dict[str, object]:
    """Return what an account is, but for what decides nothing: its statuses, offsets and an empty contract.

    `due_ms` may be that of a lot that is used up: then nothing is found to be due.
    """
    left_out = {
        *("status_ms", "status_class", "dirty", "carry_ms", "calm_from", "calm_to", "due_ms"),
        *("cdr_offset", "command_offset", "request_offset", "timer_offset"),
    }
    names = [name for name in account.__match_args__ if name not in left_out]
    said: dict[str, object] = {name: getattr(account, name) for name in names}
    return said | {"contract": said["contract"] or Contract([], [])}
