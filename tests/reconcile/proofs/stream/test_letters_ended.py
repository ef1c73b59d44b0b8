"""Ends of dead letters: honest ones are clean; one that is altered, lost or doubled is found, and so is its record."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import asdict, replace

from rater.reconcile.folds.replays import PROOF, Replays
from rater.reconcile.reading.log import Log, Record, Slice
from rater.shell.admin.publish import Place as Written
from rater.shell.admin.who import Who
from rater.shell.dead_letters.ending import Step, end_of, key_of, linked
from rater.shell.dead_letters.letter import Letter, Place, letter_of
from rater.shell.dead_letters.original import Outgoing
from rater.wire.dead_letters import decode_end, decode_letter
from rater.wire.outputs import encode
from tests.reconcile.honest_worker import PARTITIONS, HonestWorker
from tests.reconcile.tampering import Starts, Topics, differences, replaced, verdict_on
from topics import catalog
from topics.chain import NO_LINK, Link
from topics.partitioner import partition_of
from topics.records import DeadEnded

CDRS, DEAD, ENDED = catalog.CDR_RAW.name, catalog.DEAD.name, catalog.DEAD_ENDED.name
WHO = Who("j1", "ann@acme.example", "half a record")
TORN = 6
"""Letters of acme; as many as have an end, and one that is open."""


@dataclass
class Desk:
    """Ends letters of a worker in memory, as `rater dead` does."""

    worker: HonestWorker
    links: dict[int, Link] = field(default_factory=dict)

    def letters(self) -> list[tuple[Letter, Record]]:
        """Return the letters of acme, each with its source."""
        worker = self.worker
        sources = {r.offset: r for p, r in worker.topics[CDRS] if p == worker.of("acme")}
        found = []
        for partition, record in worker.topics[DEAD]:
            dead = decode_letter(record.value)
            assert dead is not None
            place = Place(DEAD, partition, record.offset)
            letter = letter_of(place, record.at_ms, dead, "acme", 10)
            found.append((letter, sources[dead.source_offset]))
        return found

    def end(self, letter: Letter, outgoing: Outgoing | None = None) -> None:
        """Write a record again, where there is one, and the end."""
        worker, place = self.worker, None
        if outgoing is not None:
            written: list[tuple[bytes | None, bytes | None]] = [(outgoing.key, outgoing.value)]
            (offset,) = worker._append(CDRS, outgoing.partition, written)
            place = Written(outgoing.partition, offset)
        worker.now_ms += 5
        end = end_of(Step(letter, outgoing), WHO, worker.now_ms, place)
        self.write(linked(end, self.links))

    def write(self, end: DeadEnded) -> None:
        """Write an end."""
        self.worker._append(ENDED, end.dead_partition, [(key_of(end), encode(end))])


def ended(*, masks: bool = False) -> Desk:
    """End letters: two as they were, one dropped, one mended, one mended for another partition; one is open."""
    hidden = [{"prefix": "", "digits": 3}] if masks else []
    worker = HonestWorker(masks=hidden)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    for number in range(TORN):
        worker.now_ms += 1_000
        worker.produce(CDRS, b"acme", b'{torn "+33612345678" %d' % number)
    worker.work()
    desk = Desk(worker)
    letters = desk.letters()
    home = worker.of("acme")
    other = next(name for name in ("beta", "bolt", "b3", "b4") if worker.of(name) != home)
    for letter, source in letters[:2]:
        desk.end(letter, Outgoing(catalog.CDR_RAW, source.key, source.value or b"", (), home))
    desk.end(letters[2][0])
    for (letter, _), tenant in zip(letters[3:5], ("acme", other), strict=True):
        value = b'{"cdr_id":"mended-%s"}' % tenant.encode()
        mended = Outgoing(
            catalog.CDR_RAW, tenant.encode(), value, (), worker.of(tenant), is_corrected=True
        )
        desk.end(letter, mended)
    worker.work()
    return desk


@cache
def honest() -> Topics:
    return dict(ended().worker.topics)


def ends(topics: Topics) -> list[DeadEnded]:
    found = [decode_end(record.value) for _, record in topics[ENDED]]
    return [each for each in found if each is not None]


def with_ends(topics: Topics, *changed: DeadEnded, of: int) -> Topics:
    """Return the topics with other ends in the place of one, each under its own key."""
    partition, record = topics[ENDED][of]
    records = [
        (partition, record.replaced(key=key_of(end), value=encode(end), offset=record.offset + n))
        for n, end in enumerate(changed)
    ]
    return replaced(topics, ENDED, of, records)


def proofs(topics: Topics, starts: Starts | None = None) -> set[str]:
    return {each.proof for each in verdict_on(topics, starts).differences}


def test_letters_that_ended_are_clean_and_counted() -> None:
    verdict = verdict_on(honest())

    assert (verdict.differences, verdict.unproven) == ([], [])
    counts = {name.removeprefix("dead letters "): n for name, n in verdict.counts.items()}
    # What was written again as it was, or mended badly, cannot be read either.
    assert (counts["replayed"], counts["dropped"], counts["open"]) == (4, 1, 5)


def test_where_digits_are_hidden_they_are_clean_too() -> None:
    assert verdict_on(dict(ended(masks=True).worker.topics)).is_clean


def other(value: Any) -> Any:
    """Return another value of its kind."""
    if value is None:
        return None
    if isinstance(value, int):
        return value + 1
    return {"replayed": "dropped", "dropped": "replayed", "not_json": "not_utf8"}.get(
        value, ("0" if value[0] != "0" else "1") + value[1:]
    )


FIELDS = DeadEnded.__struct_fields__
SAID_TWICE = [name for name in FIELDS if name not in {"job_id", "by", "why"}]
"""Fields of which something else says the same: who asked, and why, the chain alone keeps."""


def altered_in(name: str) -> list[tuple[int, DeadEnded]]:
    """Return each end with a field altered, and which it is."""
    found = [(n, end, getattr(end, name)) for n, end in enumerate(ends(honest()))]
    said = [(n, replace(end, **{name: other(v)})) for n, end, v in found if v is not None]
    absent = {"sent_partition": 0, "sent_offset": 0, "sent_sha256": "0" * 64}
    said += [(n, replace(end, **{name: absent[name]})) for n, end, v in found if v is None]
    return said


@pytest.mark.parametrize("name", FIELDS)
def test_an_end_that_is_altered_in_any_field_is_found(name: str) -> None:
    cases = altered_in(name)
    assert len(cases) == len(ends(honest()))
    for which, changed in cases:
        assert PROOF in proofs(with_ends(honest(), changed, of=which)), changed


@pytest.mark.parametrize("name", [each for each in FIELDS if each != "why"])
def test_an_end_without_one_of_its_fields_is_found(name: str) -> None:
    for which, end in enumerate(ends(honest())):
        said = asdict(end)
        if said.pop(name) is None:
            continue
        value = msgspec.json.encode({n: v for n, v in said.items() if v is not None})
        partition, record = honest()[ENDED][which]
        changed = replaced(honest(), ENDED, which, [(partition, record.replaced(value=value))])
        assert proofs(changed) & {PROOF, "records"}, (name, which)


@pytest.mark.parametrize("name", [n for n in SAID_TWICE if n not in {"number", "chain_sha256"}])
def test_an_end_that_is_altered_and_chained_anew_is_found_by_what_else_says_it(name: str) -> None:
    for which, changed in altered_in(name):
        links: dict[int, Link] = {}
        topics = honest()
        for number, end in enumerate(ends(topics)):
            said = replace(changed if number == which else end, number=None, chain_sha256=None)
            # Whatever partition it names, it lies where it lay.
            links = {said.dead_partition: next(iter(links.values()), NO_LINK)}
            topics = with_ends(topics, linked(said, links), of=number)
        assert PROOF in proofs(topics), changed


def test_an_end_that_is_lost_is_found_unless_it_is_the_last_whose_letter_is_open_again() -> None:
    count = len(ends(honest()))
    for which in range(count - 1):
        assert PROOF in proofs(replaced(honest(), ENDED, which, [])), which

    last = verdict_on(replaced(honest(), ENDED, count - 1, []))
    assert last.is_clean
    assert last.counts["dead letters open"] == verdict_on(honest()).counts["dead letters open"] + 1


def test_an_end_that_is_there_twice_is_found() -> None:
    for which, end in enumerate(ends(honest())):
        assert PROOF in proofs(with_ends(honest(), end, end, of=which)), which


@pytest.mark.parametrize("which", range(TORN - 1))
def test_a_letter_that_ended_twice_in_different_ways_is_found(which: int) -> None:
    desk = ended()
    letter, source = desk.letters()[which]
    again = Outgoing(catalog.CDR_RAW, source.key, source.value or b"", (), letter.source.partition)
    is_dropped = ends(dict(desk.worker.topics))[which].outcome == "dropped"
    desk.end(letter, again if is_dropped else None)
    desk.worker.work()

    found = [d for d in differences(dict(desk.worker.topics)) if d.proof == PROOF]
    assert [each.field for each in found] == ["dead_id, letter_at_ms"]


def sent(topics: Topics, which: int) -> int:
    """Return where among the CDRs the record lies that an end names."""
    end = ends(topics)[which]
    places: list[tuple[int | None, int | None]] = [(p, each.offset) for p, each in topics[CDRS]]
    return places.index((end.sent_partition, end.sent_offset))


REPLAYED = [n for n in range(TORN - 1) if n != 2]


@pytest.mark.parametrize("which", REPLAYED)
def test_a_record_that_was_written_again_and_is_not_there_or_another_is_found(which: int) -> None:
    topics = honest()
    place = sent(topics, which)
    partition, record = topics[CDRS][place]

    for changed in (
        [],
        [(partition, record.replaced(value=(record.value or b"") + b" "))],
        [(partition, record.replaced(value=None))],
        [(1 - partition, record.replaced(offset=1_000 + record.offset))],
    ):
        assert PROOF in proofs(replaced(topics, CDRS, place, changed)), changed
    beside, astray = (
        next(
            b"k%d" % n
            for n in range(99)
            if (partition_of(b"k%d" % n, PARTITIONS) == partition) is at_home
        )
        for at_home in (True, False)
    )
    # Of one that was mended any key is right that belongs there.
    for key in (astray, *((beside, None) if which < 2 else ())):
        changed = [(partition, record.replaced(key=key))]
        assert PROOF in proofs(replaced(topics, CDRS, place, changed)), key


def test_two_ends_that_name_the_same_record_are_found() -> None:
    desk = ended()
    letter = desk.letters()[TORN - 1][0]
    before = ends(dict(desk.worker.topics))[0]
    assert before.sent_partition is not None
    assert before.sent_offset is not None
    again = Outgoing(catalog.CDR_RAW, b"acme", b"", (), before.sent_partition)
    place = Written(before.sent_partition, before.sent_offset)
    end = end_of(Step(letter, again), WHO, desk.worker.now_ms, place)
    desk.write(linked(end, desk.links))

    fields = {d.field for d in differences(dict(desk.worker.topics)) if d.proof == PROOF}
    assert "sent_partition, sent_offset" in fields


@pytest.mark.parametrize("which", range(TORN - 1))
def test_an_end_whose_letter_is_not_there_is_found_unless_time_has_deleted_it(which: int) -> None:
    topics, end = honest(), ends(honest())[which]
    places = [(p, record.offset) for p, record in topics[DEAD]]
    lost = replaced(topics, DEAD, places.index((end.dead_partition, end.dead_offset)), [])

    assert PROOF in proofs(lost)
    starts = {(DEAD, end.dead_partition): 10_000}
    verdict = verdict_on({**topics, DEAD: []}, starts)
    assert PROOF not in {each.proof for each in verdict.differences}
    assert f"{ENDED}: 5 ends: their letters are deleted" in verdict.unproven


def test_what_time_has_deleted_of_what_was_written_again_is_not_proven_and_said() -> None:
    topics = honest()
    starts = {(CDRS, partition): 10_000 for partition in range(PARTITIONS)}
    verdict = verdict_on({**topics, CDRS: []}, starts, complete=False)

    assert PROOF not in {each.proof for each in verdict.differences}
    assert f"{ENDED}: 4 ends: their records, written again, are deleted" in verdict.unproven


def test_a_letter_stands_in_for_its_record_where_time_has_deleted_that() -> None:
    topics = honest()
    end = ends(topics)[0]
    first = TORN  # The records of which the letters are come first.
    starts = {(CDRS, end.dead_partition): first}
    left = [(p, r) for p, r in topics[CDRS] if p != end.dead_partition or r.offset >= first]
    cut = {**topics, CDRS: left}
    place = sent(cut, 0)
    partition, record = left[place]
    changed = replaced(cut, CDRS, place, [(partition, record.replaced(value=b"{another"))])

    assert PROOF not in proofs(cut, starts)
    assert PROOF in proofs(changed, starts)


def test_ends_from_before_they_were_chained_are_proven_but_for_the_chain_and_it_is_said() -> None:
    topics = honest()
    for number, end in enumerate(ends(topics)[:2]):
        said = replace(end, number=None, chain_sha256=None)
        topics = with_ends(topics, said, of=number)
    links: dict[int, Link] = {}
    for number, end in enumerate(ends(honest())[2:], 2):
        said = linked(replace(end, number=None, chain_sha256=None), links)
        topics = with_ends(topics, said, of=number)
    verdict = verdict_on(topics)

    assert verdict.is_clean
    assert f"{ENDED}: 2 ends: they were written before ends were chained" in verdict.unproven
    bare = replace(ends(topics)[3], number=None, chain_sha256=None)
    assert PROOF in proofs(with_ends(topics, bare, of=3))


def test_where_workers_work_on_what_belongs_to_later_batches_is_not_held_against_an_end() -> None:
    topics = honest()
    end = ends(topics)[0]
    assert end.sent_offset is not None
    replays = Replays()
    replays.name(record for _, record in topics[ENDED])
    records = [record for p, record in topics[CDRS] if p == end.sent_partition]
    early = [each for each in records if each.offset < end.sent_offset]
    part = Slice(early, 0, end.sent_offset)

    assert part.leaves_out(end.sent_offset)
    assert not part.leaves_out(end.sent_offset - 1)
    replays.look(Log(end.sent_partition or 0, PARTITIONS, {CDRS: part}))
    seen = [each for place, each in replays._seen.items() if place[1] == end.sent_partition]
    assert set(seen) == {"their records, written again, belong to later batches"}
