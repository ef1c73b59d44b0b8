"""What the watch shows of dead letters: 0 before there is one, and nothing where not all was seen."""

from rater.shell.dead_letters.open_letters import Sum
from rater.shell.process.metrics import Metrics
from rater.shell.watch.letter_metrics import LetterMetrics

COUNT, AGE = "rater_dead_letters_open", "rater_dead_letters_oldest_age_seconds"
NOT_JSON = ("cdr.raw.v1", "not_json")
NOW = 1_772_361_060_000


def value(metrics: Metrics, name: str, place: tuple[str, str] = NOT_JSON) -> float | None:
    labels = dict(zip(("topic", "reason"), place, strict=True))
    found = metrics.registry.get_sample_value(name, labels)
    return None if found is None else float(found)


def test_nothing_is_shown_before_all_was_seen_and_then_0_where_there_is_none() -> None:
    shared = Metrics(rooms=())
    metrics = LetterMetrics(shared)
    assert value(shared, COUNT) is None

    metrics.show({}, NOW)
    assert (value(shared, COUNT), value(shared, AGE)) == (0, 0)
    assert value(shared, COUNT, ("payment.results.v1", "not_unpacked")) == 0


def test_count_and_age_are_those_of_the_last_look() -> None:
    shared = Metrics(rooms=())
    metrics = LetterMetrics(shared)
    metrics.show({NOT_JSON: Sum(3, NOW - 90_000)}, NOW)
    assert (value(shared, COUNT), value(shared, AGE)) == (3, 90)

    metrics.show({NOT_JSON: Sum(1, NOW + 1_000)}, NOW)
    assert (value(shared, COUNT), value(shared, AGE)) == (1, 0)
    metrics.show({}, NOW)
    assert (value(shared, COUNT), value(shared, AGE)) == (0, 0)
    metrics.forget()
    assert (value(shared, COUNT), value(shared, AGE)) == (None, None)


def test_a_topic_that_is_not_of_the_catalog_is_shown_as_long_as_it_has_letters() -> None:
    shared = Metrics(rooms=())
    metrics = LetterMetrics(shared)
    metrics.show({("old.v0", "empty"): Sum(1, NOW)}, NOW)
    assert value(shared, COUNT, ("old.v0", "empty")) == 1

    metrics.show({}, NOW)
    assert value(shared, COUNT, ("old.v0", "empty")) is None
