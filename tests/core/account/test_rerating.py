"""Rerating: which charge an order means; what comes of it is played in tests/batch."""

from msgspec.structs import replace

from rater.core.account.charges import free_charge
from rater.core.account.rerating import not_standing
from tests.build import account, cdr, source
from topics.records.rerating import RerateCall

STANDS = free_charge(account(), cdr(), source(), "inbound").entry
ORDER = RerateCall("x", "acme", "c1", 1, STANDS.entry_id, 3, 0, "j1", "ann")


def reason(order: RerateCall, stands: object = STANDS) -> str | None:
    refusal = not_standing(order, stands)  # type: ignore[arg-type]
    return None if refusal is None else f"{refusal.reason}: {refusal.detail}"


def test_the_charge_that_stands_is_meant() -> None:
    assert reason(ORDER) is None


def test_what_does_not_stand_is_refused_and_what_does_is_named() -> None:
    assert "is not known to stand" in str(reason(ORDER, None))
    assert STANDS.entry_id in str(reason(replace(ORDER, entry_id="acme/99")))
    assert "does not stand: version 1" in str(reason(replace(ORDER, version=2)))


def test_no_job_rates_again_what_it_has_posted() -> None:
    posted = replace(STANDS, generation=1, job_id="j1")

    assert "was rated again by this job, j1" in str(reason(ORDER, posted))
    assert reason(replace(ORDER, job_id="j2"), posted) is None
    assert reason(ORDER, replace(STANDS, job_id="j1")) is None
