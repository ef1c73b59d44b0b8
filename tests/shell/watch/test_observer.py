"""Observer: what it looks at is what the groups take, by the catalog and by the code of each."""

from rater.batch.recharge.batch import SOURCES
from rater.shell.charging import app as charging
from rater.shell.dead_letters.reader import LETTERS
from rater.shell.watch.observer import TAKEN, TOPICS_OF
from topics import roles
from topics.catalog import CATALOG, DEAD_ENDED, NOTIFICATIONS, PAYMENT_COMMANDS


def test_each_group_is_looked_at_with_the_topics_that_its_service_takes() -> None:
    taken = {group: set(names) for group, names in TOPICS_OF.items()}

    assert taken == {
        roles.APP: {topic.name for topic in charging._SOURCES},
        roles.RECHARGE_APP: set(SOURCES),
        roles.GATEWAY_GROUP: {PAYMENT_COMMANDS.name},
        roles.NOTIFIER_GROUP: {NOTIFICATIONS.name},
    }


def test_who_takes_a_topic_reads_it_in_a_group_and_the_watch_reads_these_and_dead_letters() -> None:
    for topic in CATALOG:
        assert set(topic.taken_by) <= set(topic.readers)
        assert all(role.group for role in topic.taken_by)
        is_of_letters = topic in (*LETTERS, DEAD_ENDED)
        assert (roles.WATCH in topic.readers) == (bool(topic.taken_by) or is_of_letters)
    assert {topic.partitions for topic in TAKEN} == {8}
