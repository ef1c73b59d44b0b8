"""Which entries of the ledger say that a job has ended the waiting of a call."""

from typing import Any

import pytest
from msgspec.structs import replace

from rater.core.account.charges import free_charge
from rater.shell.recycling.done import is_of
from tests.build import account, cdr, source
from topics.records.charge import Waited
from topics.records.recycling import CallDropped

WAITED = Waited("cdr.raw.v1/0/1", 0, "no_rate", "ann")
CHARGE = free_charge(account(), cdr(), source(), "unanswered").entry
RELEASED = replace(CHARGE, waited=WAITED, job_id="j1")
RERATED = replace(CHARGE, generation=1, job_id="j1")
FREE = replace(CHARGE, waited=WAITED)
HEAD = {
    name: getattr(CHARGE, name) for name in CallDropped.__struct_fields__ if hasattr(CHARGE, name)
}
DROPPED = CallDropped(**{**HEAD, "command_id": "drop/j1/0/1", "waited": WAITED, "job_id": "j1"})


@pytest.mark.parametrize(
    ("entry", "is_its"),
    [(RELEASED, True), (DROPPED, True), (RERATED, False), (FREE, False), ("must be JSON", False)],
    ids=["released", "dropped", "rated again", "free after days", "no entry"],
)
def test_calls_that_a_job_has_released_or_dropped_are_its_own(entry: Any, *, is_its: bool) -> None:
    assert is_of(entry, "j1") == is_its
    assert not is_of(entry, "j2")
