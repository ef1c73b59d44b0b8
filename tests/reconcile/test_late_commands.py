"""Commands that come after what is dated later, on another topic: they are remembered by the time of the stream."""

import pytest

from rater.core.limits import DAY_MS
from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import Topics, differences, replaced
from topics.catalog import ACCOUNT_REQUESTS, BATCHES_CHANGELOG
from topics.manifests import pack_ids, split_manifest, unpack_ids

DAYS_LATE = 62


def late() -> Topics:
    """Return the topics of a worker that read a request two months late, behind a command of today."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    then_ms = worker.now_ms
    worker.now_ms = then_ms + DAYS_LATE * DAY_MS
    worker.command("acme", "set_decks", decks=["acs"])
    worker.work()
    worker.now_ms = then_ms
    worker.command("acme", "set_thresholds", thresholds=[])
    worker.work()
    return dict(worker.topics)


def test_a_command_that_is_late_is_remembered_by_the_time_of_the_stream() -> None:
    assert differences(late()) == []


@pytest.mark.parametrize("days", [1, -DAYS_LATE - 1])
def test_a_day_that_the_stream_never_had_is_found_out(days: int) -> None:
    topics, name = late(), BATCHES_CHANGELOG.name
    index = next(
        n
        for n, (_, record) in enumerate(topics[name])
        if split_manifest(record.value or b"")[0]["source_topic"] == ACCOUNT_REQUESTS.name
    )
    partition, record = topics[name][index]
    header, newline, packed = (record.value or b"").partition(b"\n")
    ids = [each._replace(day=each.day + days) for each in unpack_ids(packed)]
    value = header + newline + pack_ids(ids)

    found = differences(replaced(topics, name, index, [(partition, record.replaced(value=value))]))
    assert {wrong.proof for wrong in found} == {"remembered"}
