"""Places: the ids that manifests remember say where the entries of a CDR lie, all of them."""

from random import Random

from xxhash import xxh3_128_digest

from rater.views.explanation.places import places_of
from topics.manifests import IdState, RememberedId, cdr_key, head_key, pack_ids


def remembered(key: bytes, place: int, state: IdState, content: int = 7) -> RememberedId:
    return RememberedId(xxh3_128_digest(key), content, place, state, 20_000)


def of(version: int, place: int, state: IdState = IdState.CHARGED) -> RememberedId:
    return remembered(cdr_key("acme", "c1", version), place, state)


def head(version: int, place: int) -> RememberedId:
    return remembered(head_key("acme", "c1"), place, IdState.HEAD, version)


def others(count: int) -> list[RememberedId]:
    chance = Random(5)
    return [
        RememberedId(chance.randbytes(16), 7, number, IdState.CHARGED, 20_000)
        for number in range(count)
    ]


def test_a_charge_is_found_among_others() -> None:
    packed = [pack_ids(others(500)), pack_ids([*others(3), of(1, 42), *others(4)])]

    assert places_of(packed, "acme", "c1") == ((42,), (), 1)
    assert places_of(packed, "acme", "c2") == ((), (), 1)
    assert places_of(packed, "bolt", "c1") == ((), (), 1)


def test_what_waited_is_found_where_it_waited_and_where_it_was_charged() -> None:
    packed = [pack_ids([of(1, 3, IdState.SUSPENDED)]), pack_ids([of(1, 90)])]

    assert places_of(packed, "acme", "c1") == ((90,), (3,), 1)


def test_every_version_is_found_and_what_stands() -> None:
    packed = [pack_ids([of(1, 10)]), pack_ids([of(7, 30), head(7, 30)]), pack_ids([head(9, 51)])]

    assert places_of(packed, "acme", "c1") == ((10, 30, 51), (), 9)


def test_a_later_version_that_waits_is_found_before_any_is_charged() -> None:
    packed = [pack_ids([of(2, 4, IdState.SUSPENDED)])]

    assert places_of(packed, "acme", "c1") == ((), (4,), 1)


def test_a_hash_that_lies_across_two_ids_is_none() -> None:
    digest = xxh3_128_digest(cdr_key("acme", "c1", 1))
    packed = pack_ids(others(2))
    across = packed[:9] + digest + packed[25:]

    assert places_of([across], "acme", "c1") == ((), (), 1)
