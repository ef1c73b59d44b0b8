"""Whatever two tenants do, what an honest worker writes of it is clean."""

from hypothesis import given
from hypothesis import strategies as st

from tests.build import NOW, Sent
from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import verdict_on
from tests.strategies import histories
from tests.test_properties import FEW


@FEW
@given(histories(), st.integers(1, 9), st.booleans())
def test_property_an_honest_log_is_clean(
    history: list[Sent],
    size: int,
    timers: bool,  # noqa: FBT001
) -> None:
    worker = HonestWorker(now_ms=NOW)
    for record in history:
        if timers:
            worker.pass_time(record.at_ms - worker.now_ms)
        worker.now_ms = record.at_ms
        worker.produce(record.topic, record.key, record.value)
        worker.work(size)

    verdict = verdict_on(dict(worker.topics))

    # The id of a call may come again when it is forgotten: that another call has it, the reconciler must say.
    assert [found for found in verdict.differences if found.field != "cdr_id, version"] == []
