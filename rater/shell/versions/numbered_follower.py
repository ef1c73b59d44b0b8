"""Numbered follower: a follower of a topic of which each version is one record."""

from collections.abc import Sequence
from typing import TypeVar

from aiokafka import ConsumerRecord

from rater.kafka.broker import Broker
from rater.shell.versions.follower import Follower, tell_skipped
from rater.shell.versions.refused_field import refused_field
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.versions import BadVersion, Numbered, VersionReader
from topics.topic import Topic

V = TypeVar("V", bound=Numbered)


class NumberedFollower(Follower[V | BadVersion]):
    """Reads versions; a subclass says what comes of them."""

    def __init__(self, broker: Broker, topic: Topic, reader: VersionReader[V]) -> None:
        super().__init__(SharedTopic(broker, topic.name, topic.max_message_bytes))
        self._of = topic
        self._reader = reader

    def assemble(self, records: Sequence[ConsumerRecord]) -> list[V | BadVersion]:
        """Read records; what cannot be used is logged."""
        made: list[V | BadVersion] = []
        for record in records:
            outcome = self._reader.feed(record.key, record.value)
            if isinstance(outcome, BadVersion):
                tell_skipped(record, outcome.key, outcome.detail)
            if outcome is not None:
                made.append(outcome)
        return made

    def take(self, made: Sequence[V | BadVersion]) -> None:
        """Take in the versions, and count what was skipped by the field that was wrong."""
        for outcome in made:
            if isinstance(outcome, BadVersion):
                self.refused(refused_field(outcome.detail, self._of))
        self.adopt([outcome for outcome in made if not isinstance(outcome, BadVersion)])

    def adopt(self, versions: Sequence[V]) -> None:
        """Put versions into a new snapshot; there may be none."""
        raise NotImplementedError

    def refused(self, reason: str) -> None:
        """Count a record that was skipped."""
        raise NotImplementedError
