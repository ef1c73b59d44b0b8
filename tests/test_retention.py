"""Retention that an operator sets: which topics have one, and what is refused, with the topic's name."""

import pytest
from click.testing import CliRunner

from rater.cli.topics import topics
from topics.catalog import BY_NAME, CATALOG, LEDGER
from topics.retention import DAYS_MAX, RetentionError, times, with_times
from topics.topic import DAY_MS, FOREVER, MONTH_MS, Topic

SETTABLE = [topic for topic in CATALOG if topic.has_retention]
OTHERS = [topic for topic in CATALOG if not topic.has_retention]


@pytest.mark.parametrize("topic", SETTABLE, ids=lambda topic: topic.name)
def test_a_time_from_the_least_to_for_ever_is_taken(topic: Topic) -> None:
    least = topic.retention_min_ms // DAY_MS
    for text, time_ms in (
        (f"{least}d", topic.retention_min_ms),
        (f"{DAYS_MAX}d", DAYS_MAX * DAY_MS),
        ("forever", FOREVER),
    ):
        assert times([f"{topic.name}={text}"]) == {topic.name: time_ms}
    assert topic.retention_ms == FOREVER or topic.retention_ms >= topic.retention_min_ms
    assert topic.retention_min_ms % DAY_MS == 0


@pytest.mark.parametrize("topic", SETTABLE, ids=lambda topic: topic.name)
@pytest.mark.parametrize(
    "text", ["0d", "36501d", "-1", "", "7", "7 d", "7D", "1.5d", "7h", "9" * 30 + "d"]
)
def test_any_other_time_is_refused_with_the_topic_and_what_it_must_be(
    topic: Topic, text: str
) -> None:  # fmt: skip
    least = topic.retention_min_ms // DAY_MS
    with pytest.raises(RetentionError) as refused:
        times([f"{topic.name}={text}"])

    must_be = f"must be whole days from {least}d to {DAYS_MAX}d, or forever"
    assert str(refused.value) == f"{topic.name}: {must_be}, found {text!r}"


@pytest.mark.parametrize("topic", OTHERS, ids=lambda topic: topic.name)
def test_topics_without_a_time_and_the_raters_own_have_none_to_be_set(topic: Topic) -> None:
    why = "the latest record of each key" if topic.cleanup == "compact" else "the rater's own"
    with pytest.raises(RetentionError, match=f"{topic.name}: .*{why}"):
        times([f"{topic.name}=400d"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["ledger.entries=400d"], "'ledger.entries': no such topic; the nearest known is"),
        (["=400d"], "'': no such topic"),
        (["cdr.dead.v1"], "cdr.dead.v1: must be TOPIC=TIME, such as cdr.dead.v1=400d"),
        (["cdr.dead.v1=4d", "cdr.dead.v1=5d"], "cdr.dead.v1: is said twice"),
    ],
)
def test_what_is_no_topic_and_a_time_is_refused(said: list[str], told: str) -> None:
    with pytest.raises(RetentionError, match=told):
        times(said)


def test_a_ledger_keeps_two_months_at_least() -> None:
    """An account is carried forward with every month: two months have one in them, whenever they begin."""
    assert LEDGER.retention_min_ms == 2 * MONTH_MS
    with pytest.raises(RetentionError, match="from 62d"):
        times(["ledger.entries.v1=61d"])


def test_the_rest_of_the_catalog_stays_as_it_is() -> None:
    made = with_times(CATALOG, {LEDGER.name: FOREVER})

    assert [topic.name for topic in made] == [topic.name for topic in CATALOG]
    assert [topic.name for topic in made if topic != BY_NAME[topic.name]] == [LEDGER.name]
    assert dict(made[[t.name for t in made].index(LEDGER.name)].config())["retention.ms"] == "-1"


@pytest.mark.parametrize("command", ["create", "check", "alter", "list"])
def test_every_command_refuses_a_wrong_time_before_it_asks_for_a_broker(command: str) -> None:
    option = CliRunner().invoke(topics, [command, "--retention", "ledger.entries.v1=3d"])
    variable = CliRunner(env={"RATER_TOPICS_RETENTION": "cdr.dead.v1=9d ledger.entries.v1=3d"})
    by_variable = variable.invoke(topics, [command])

    for done in (option, by_variable):
        assert done.exit_code == 2
        assert "ledger.entries.v1: must be whole days from 62d" in done.output
    assert "RATER_TOPICS_RETENTION" in by_variable.output


def test_the_list_shows_the_times_that_were_set() -> None:
    done = CliRunner().invoke(topics, ["list", "--retention", "ledger.entries.v1=62d"])
    (ledger,) = (line for line in done.output.splitlines() if line.startswith(LEDGER.name))

    assert " 62 days " in ledger
