"""The topics on a broker: made from the catalog, and compared with it.

Rule 1: a topic that is there is never changed, and a partition count that differs is refused, not
mended: an account lies in the partition of its key, a new count would split it from its history.
Rule 2: nothing is made while anything is refused, so that a cluster never has two counts.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from rater.kafka.broker import Broker
from rater.kafka.refusal import check_address
from rater.kafka.rights import NotAllowedError, hidden
from topics.catalog import CATALOG, PARTITIONS, Topic

REQUEST_TIMEOUT_MS = 10_000
APPEARANCE_TIMEOUT_S = 30.0
"""How long new topics may take to have a leader for every partition."""

CO_PARTITIONING = (
    "an account lives in the partition of its key, and all topics keyed by tenant have the same "
    "count; another count would split accounts from their history"
)
MIN_INSYNC = "min.insync.replicas"
ALTER = "set it: rater topics alter"
_SET_ON_TOPIC = 1
"""Kafka's `config_source` of a value that was set on the topic itself."""


class TopicNotMadeError(Exception):
    """The broker refused to make a topic, or did not get it ready in time."""


class PartitionCountError(Exception):
    """Topics are there with another partition count than asked for; nothing was made."""

    def __init__(self, drifts: list["Drift"]) -> None:
        """List the topics, with the count found and the count asked for."""
        listed = ", ".join(f"{d.topic} has {d.found}, not {d.expected}" for d in drifts)
        super().__init__(f"partition count refused: {CO_PARTITIONING}. {listed}")
        self.drifts = drifts


class Drift(NamedTuple):
    """One setting of one topic on the broker that is not what the catalog says."""

    topic: str
    setting: str
    expected: str
    found: str
    reason: str = ""


class Copies(NamedTuple):
    """How often a topic that is made is kept; None: as the cluster does where nobody says it."""

    factor: int | None = None
    """Copies of every partition."""
    min_insync: int | None = None
    """So many of them must have a record before it counts."""

    def config(self) -> dict[str, str]:
        """Return what is set on a topic."""
        return {} if self.min_insync is None else {MIN_INSYNC: str(self.min_insync)}


AS_THE_CLUSTER_DOES = Copies()


class Creation(NamedTuple):
    """What a creation made, and what was there already; topic names in the catalog's order."""

    made: list[str]
    found: list[str]


def planned(
    partitions: int | None, counts: Mapping[str, int], topics: Sequence[Topic] = CATALOG
) -> tuple[Topic, ...]:
    """Return topics with so many partitions a co-partitioned one; None: the broker's own number.

    `counts` are the broker's, by topic. Its number is the one that most of its co-partitioned topics have, so that the
    odd ones are the drift; on a broker without any, the catalog's.
    """
    if partitions is None:
        found = Counter(
            counts[t.name] for t in topics if t.partitions > 1 and counts.get(t.name, 0)
        )
        partitions = found.most_common(1)[0][0] if found else PARTITIONS
    return tuple(
        replace(topic, partitions=partitions) if topic.partitions > 1 else topic for topic in topics
    )


class TopicAdmin:
    """What can be asked of one broker about its topics."""

    def __init__(self, client: Any, principal: str) -> None:
        """Take a started aiokafka admin client, and whom the broker takes it for."""
        self._client = client
        self.principal = principal

    async def refuse_hidden(self, topics: Iterable[str]) -> None:
        """Raise NotAllowedError where topics that seem missing may not be seen by us."""
        if unseen := await self.hidden(topics):
            raise NotAllowedError(self.principal, "Describe", f"topic {', '.join(unseen)}")

    async def hidden(self, topics: Iterable[str]) -> list[str]:
        """Return those of some topics that may not be seen by us, whether they are there or not."""
        return await hidden(self._client, topics)

    async def partition_counts(self) -> dict[str, int]:
        """Return the number of partitions of every topic, 0 while one of them has no leader."""
        counts = {}
        for entry in await self._client.describe_topics():
            ready = all(partition["leader"] >= 0 for partition in entry["partitions"])
            counts[entry["topic"]] = len(entry["partitions"]) if ready else 0
        return counts

    async def create(
        self, topics: Iterable[Topic], copies: Copies = AS_THE_CLUSTER_DOES
    ) -> Creation:
        """Make the topics that are missing and wait until each partition has a leader.

        Raises PartitionCountError before anything is made, TopicNotMadeError when the broker
        refuses.
        """
        wanted = list(topics)
        counts = await self.partition_counts()
        there = [topic for topic in wanted if topic.name in counts]
        refused = [drift for topic in there for drift in partition_drift(topic, counts)]
        if refused:
            raise PartitionCountError(refused)
        missing = [topic for topic in wanted if topic.name not in counts]
        made = await self._make(missing, copies) if missing else []
        await self._wait_for(wanted)
        return Creation(made, [topic.name for topic in wanted if topic.name not in made])

    async def _make(self, topics: list[Topic], copies: Copies) -> list[str]:
        """Ask the broker for new topics; return those that nobody else made meanwhile."""
        requests = [
            NewTopic(
                topic.name, topic.partitions, 1, topic_configs=topic.config() | copies.config()
            )
            for topic in topics
        ]
        for request in requests:
            # Kafka's own word for "as you do"; aiokafka's constructor does not know it.
            request.replication_factor = copies.factor or -1
        response = await self._client.create_topics(requests, timeout_ms=REQUEST_TIMEOUT_MS)
        codes = {}
        for name, code, *message in response.topic_errors:
            codes[name] = code
            if code == TopicAuthorizationFailedError.errno:
                raise NotAllowedError(self.principal, "Create", f"topic {name}")
            if code not in (0, TopicAlreadyExistsError.errno):
                detail = (message[0] if message else None) or for_code(code).__name__
                raise TopicNotMadeError(f"{name}: the broker refused to make it: {detail}")
        return [topic.name for topic in topics if codes.get(topic.name) == 0]

    async def _wait_for(self, topics: list[Topic]) -> None:
        """Return when the broker's metadata show every topic whole."""
        waiting = [topic.name for topic in topics]
        try:
            async with asyncio.timeout(APPEARANCE_TIMEOUT_S):
                while waiting:
                    counts = await self.partition_counts()
                    waiting = [name for name in waiting if not counts.get(name)]
                    await asyncio.sleep(0.05 if waiting else 0)
        except TimeoutError:
            late = f"not ready after {APPEARANCE_TIMEOUT_S:.0f} s: {', '.join(waiting)}"
            raise TopicNotMadeError(late) from None

    async def drift(self, topics: Iterable[Topic]) -> list[Drift]:
        """Compare the broker with the topics: missing ones, partition counts, settings.

        A setting that the catalog leaves to the broker must not be set on the topic; how many copies must
        have a record is the cluster's own, and may.
        """
        wanted = list(topics)
        counts = await self.partition_counts()
        if missing := [topic.name for topic in wanted if topic.name not in counts]:
            await self.refuse_hidden(missing)
        found = await self.settings([topic.name for topic in wanted if topic.name in counts])
        drifts = []
        for topic in wanted:
            drifts += partition_drift(topic, counts)
            if topic.name in found:
                drifts += setting_drift(topic, found[topic.name])
        return drifts

    async def settings(self, names: list[str]) -> dict[str, dict[str, tuple[str, bool]]]:
        """Return, by topic and setting, the value and whether it was set on the topic itself.

        Topics that are not there are not in it.
        """
        if not names:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        settings = {}
        for response in await self._client.describe_configs(asked):
            for code, message, _type, name, entries in response.resources:
                if code == TopicAuthorizationFailedError.errno:
                    raise NotAllowedError(self.principal, "DescribeConfigs", f"topic {name}")
                if code == UnknownTopicOrPartitionError.errno:
                    continue
                if code:
                    raise for_code(code)(f"{name}: {message}")
                settings[name] = {
                    entry[0]: (str(entry[1]), entry[3] == _SET_ON_TOPIC) for entry in entries
                }
        return settings

    async def alter(self, asked: list[ConfigResource]) -> list[Any]:
        """Set all settings of topics to what is said of each; return the broker's answers."""
        answers: list[Any] = await self._client.alter_configs(asked) if asked else []
        return answers


def partition_drift(topic: Topic, counts: dict[str, int]) -> list[Drift]:
    """Compare a topic's partition count with the broker's; 0 there means not ready, unknown."""
    found = counts.get(topic.name)
    if found is None:
        return [Drift(topic.name, "topic", "exists", "missing", "make it: rater topics create")]
    if found in (topic.partitions, 0):
        return []
    return [Drift(topic.name, "partitions", str(topic.partitions), str(found), CO_PARTITIONING)]


def setting_drift(topic: Topic, found: dict[str, tuple[str, bool]]) -> list[Drift]:
    """Compare a topic's settings with those found: value, and whether set on the topic itself."""
    expected = topic.config()
    wrong = [
        Drift(
            topic.name,
            name,
            value,
            found[name][0] if name in found else "unknown",
            ALTER if name == "retention.ms" and topic.has_retention else "",
        )
        for name, value in expected.items()
        if name not in found or found[name][0] != value
    ]
    extra = [
        Drift(topic.name, name, "the broker's default", value)
        for name, (value, is_set) in found.items()
        if is_set and name not in expected and name != MIN_INSYNC
    ]
    return wrong + extra


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[TopicAdmin]:
    """Connect to a broker, `host:port`, for a while; NotReachedError says why none answers."""
    # What goes wrong reaches the caller as an exception; the client's own lines would obscure it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    check_address(broker)
    client = broker.admin(request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.start()
        yield TopicAdmin(client, broker.security.principal())
    finally:
        await client.close()
