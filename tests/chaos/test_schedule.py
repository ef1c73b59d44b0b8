"""The schedule of chaos: the same from the same seed, and every failpoint of every service is in a long one."""

from collections import Counter

from rater.shell.process.failpoints import ALL, DEAD_LETTERS_FAILPOINTS, read_setting
from tests.chaos.schedule import AT_PLACE, BROKER, KILL, PAUSE, PLACES, STOP, TWIN, schedule


def test_the_same_seed_gives_the_same_and_another_gives_another() -> None:
    assert schedule(3, 50) == schedule(3, 50)
    assert schedule(3, 50) != schedule(4, 50)
    assert schedule(3, 50)[:20] == schedule(3, 20)


def test_every_failpoint_of_the_registry_comes_before_any_comes_again() -> None:
    places = [place for names in PLACES.values() for place in names]
    # Those of a command that runs once are not a service's.
    assert sorted(set(places)) == sorted(set(ALL) - set(DEAD_LETTERS_FAILPOINTS))

    found = Counter(
        (deed.whom, deed.place.partition(":")[0])
        for deed in schedule(1, 200)
        if deed.kind == AT_PLACE
    )

    assert set(found) == {(whom, place) for whom, names in PLACES.items() for place in names}
    assert max(found.values()) - min(found.values()) <= 1


def test_a_place_is_one_of_the_service_and_reads_as_the_service_reads_it() -> None:
    for deed in schedule(2, 200):
        if deed.kind == AT_PLACE:
            name, count = read_setting(deed.place)
            assert name in PLACES[deed.whom]
            assert count >= 1


def test_everything_is_done_to_services_and_kills_and_pauses_to_the_broker() -> None:
    found = {(deed.kind, deed.whom == BROKER) for deed in schedule(5, 400)}

    assert found == {
        *((kind, False) for kind in (AT_PLACE, KILL, STOP, PAUSE, TWIN)),
        *((kind, True) for kind in (KILL, PAUSE)),
    }
    assert str(schedule(5, 1)[0]).startswith(("at a place", "kill", "stop", "pause", "twin"))
