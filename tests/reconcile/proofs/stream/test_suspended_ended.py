"""Ends of CDRs in suspense that were written again: honest ones are clean, and each lie about one is found."""

import json
from functools import cache
from typing import Any

import pytest

from rater.core.limits import DAY_MS
from rater.shell.dead_letters.choice import chosen, content_of
from rater.shell.dead_letters.letter import Letter, Place, letter_of_suspended
from rater.shell.dead_letters.original import Original, Outgoing, rekeyed
from rater.wire.suspended_letters import decode_suspended, reason_of
from tests.reconcile.honest_worker import PARTITIONS, HonestWorker
from tests.reconcile.proofs.stream.test_letters_ended import ENDED, Desk, ends, proofs, with_ends
from tests.reconcile.tampering import Topics, replaced, verdict_on
from topics import catalog
from topics.records import DeadEnded

CDRS, SUSPENSE = catalog.CDR_RAW.name, catalog.SUSPENSE.name


def letters(worker: HonestWorker) -> list[Letter]:
    """Return the letters of suspense, in its order."""
    found = []
    for partition, record in worker.topics[SUSPENSE]:
        said = decode_suspended(record.value)
        assert said is not None
        reason = reason_of(said, record.key, PARTITIONS)
        if reason is not None:
            place = Place(SUSPENSE, partition, record.offset)
            found.append(letter_of_suspended(place, record.at_ms, said, reason))
    return found


def ended(*, masks: bool = False) -> Desk:
    """Write again what was misrouted by its partition, by its key, and both; choose a content, and drop another."""
    worker = HonestWorker(masks=[{"prefix": "", "digits": 3}] if masks else [], corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    home, elsewhere = worker.of("acme"), (worker.of("acme") + 1) % PARTITIONS
    worker.call("acme", "twice", ended_ms=worker.now_ms - 60_000)
    astray = {"a": (b"acme", elsewhere), "b": (b"nobody", home), "c": (b"nobody", elsewhere)}
    for cdr_id, (key, partition) in astray.items():
        worker.call("acme", cdr_id)
        _, record = worker.topics[CDRS].pop()
        worker.ends[CDRS, home] -= 1
        worker.produce(CDRS, key, record.value, partition)
    worker.work()
    for seconds in (59, 58):
        worker.call("acme", "twice", ended_ms=worker.now_ms - 60_000, billsec=seconds)
    worker.work()
    desk = Desk(worker)
    for letter in letters(worker):
        desk.end(letter, outgoing_of(worker, letter))
    worker.work()
    worker.now_ms += DAY_MS
    worker.flush()
    return desk


def outgoing_of(worker: HonestWorker, letter: Letter) -> Outgoing | None:
    """Return what `rater dead` writes of a letter; of the content of 58 seconds nothing."""
    (record,) = [
        r
        for p, r in worker.topics[CDRS]
        if (p, r.offset) == (letter.source.partition, letter.source.offset)
    ]
    original = Original(record.key, record.value, (), letter.source.partition)
    if letter.reason == "misrouted":
        found = rekeyed(catalog.CDR_RAW, original, PARTITIONS)
    elif json.loads(record.value or b"")["billsec"] == 58:
        return None
    else:
        found = chosen(catalog.CDR_RAW, original, content_of(record.value), PARTITIONS)
    assert isinstance(found, Outgoing)
    return found


@cache
def honest() -> Topics:
    return dict(ended().worker.topics)


def index_of(reason: str, outcome: str = "replayed") -> int:
    said = [(each.reason, each.outcome) for each in ends(honest())]
    return said.index((reason, outcome))  # type: ignore[arg-type]


@pytest.mark.parametrize("masks", [False, True])
def test_what_was_written_again_is_clean_and_counted(*, masks: bool) -> None:
    verdict = verdict_on(dict(ended(masks=masks).worker.topics))

    assert verdict.differences == []
    assert verdict.counts["suspended CDRs written again"] == 4
    assert verdict.counts["suspended CDRs dropped as letters"] == 1
    assert verdict.counts["dead letters replayed"] == 0


def test_each_is_charged_once() -> None:
    """Method: what these tests prove is worth as much as the log they start from."""
    entries = [json.loads(record.value or b"") for _, record in honest()[catalog.LEDGER.name]]
    charged = [(e["cdr_id"], e.get("version", 1)) for e in entries if e["kind"] == "charge"]

    assert sorted(charged) == [("a", 1), ("b", 1), ("c", 1), ("twice", 1), ("twice", 2)]


@pytest.mark.parametrize(
    ("reason", "lie"),
    [
        ("misrouted", {"reason": "conflict"}),
        ("conflict", {"reason": "misrouted"}),
        ("misrouted", {"dead_offset": 99}),
        ("misrouted", {"letter_at_ms": 1}),
        ("misrouted", {"dead_topic": "cdr.dead.v1"}),
        ("misrouted", {"sent_sha256": "0" * 64}),
        ("conflict", {"sent_sha256": "0" * 64}),
        ("conflict", {"sent_offset": 0}),
    ],
)
def test_a_lie_about_an_end_is_found(reason: str, lie: dict[str, Any]) -> None:
    index = index_of(reason)
    end = ends(honest())[index]
    fields = {name: getattr(end, name) for name in end.__struct_fields__} | lie

    assert "letters ended" in proofs(with_ends(honest(), DeadEnded(**fields), of=index))


@pytest.mark.parametrize("change", ["key", "value"])
def test_a_record_that_was_written_otherwise_is_found(change: str) -> None:
    end = ends(honest())[index_of("misrouted")]
    place = (end.sent_partition, end.sent_offset)
    at = next(n for n, (p, r) in enumerate(honest()[CDRS]) if (p, r.offset) == place)
    partition, record = honest()[CDRS][at]
    other = record.replaced(**{change: b"bolt" if change == "key" else b"{}"})

    assert "letters ended" in proofs(replaced(honest(), CDRS, at, [(partition, other)]))
    assert ENDED in honest()
