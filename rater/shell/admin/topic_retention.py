"""For how long topics on a broker keep records: found, and set.

No right to see a topic is needed, only the one to alter its settings. Every other setting of a topic stays as it is:
the request that aiokafka knows says all of them, and what it does not say would be the broker's default again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAuthorizationFailedError, for_code

from rater.kafka.rights import NotAllowedError
from rater.shell.admin.topic_admin import TopicAdmin
from topics.handbook import kept_for
from topics.topic import FOREVER, Topic

SETTING: Final = "retention.ms"


class MissingTopicsError(Exception):
    """Topics are not there; nothing was set."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{', '.join(names)}: not there, make them with `rater topics create`")


class Change(NamedTuple):
    """A topic with the time that it is to have, and the settings that are set on it."""

    topic: Topic
    set_before: dict[str, str]
    found_ms: int
    """Its own, or the broker's default."""

    @property
    def shortens(self) -> bool:
        """Whether records will be deleted that would have stayed."""
        if self.topic.retention_ms == FOREVER:
            return False
        return self.found_ms == FOREVER or self.topic.retention_ms < self.found_ms

    def told(self) -> str:
        """Say what it was, and what it is to be."""
        return f"{kept_for(self.found_ms)} -> {kept_for(self.topic.retention_ms)}"


class RetentionAdmin:
    """Finds and sets the time of topics."""

    def __init__(self, admin: TopicAdmin) -> None:
        """Take a broker that is connected to."""
        self._admin = admin

    async def changes(self, wanted: Sequence[Topic]) -> list[Change]:
        """Return the topics whose time is another; MissingTopicsError where one is not there."""
        found = await self._admin.settings([topic.name for topic in wanted])
        if missing := [topic.name for topic in wanted if topic.name not in found]:
            raise MissingTopicsError(missing)
        changes = []
        for topic in wanted:
            settings = found[topic.name]
            own = {name: value for name, (value, is_set) in settings.items() if is_set}
            changes.append(Change(topic, own, int(settings[SETTING][0])))
        return [each for each in changes if each.found_ms != each.topic.retention_ms]

    async def set(self, changes: Sequence[Change]) -> None:
        """Set them; NotAllowedError, or a KafkaError with the topic's name."""
        asked = [
            ConfigResource(
                ConfigResourceType.TOPIC,
                each.topic.name,
                configs={**each.set_before, SETTING: str(each.topic.retention_ms)},
            )
            for each in changes
        ]
        for response in await self._admin.alter(asked):
            for code, message, _type, name in response.resources:
                self._refuse(code, message, name)

    def _refuse(self, code: int, message: Any, name: str) -> None:
        if code == TopicAuthorizationFailedError.errno:
            raise NotAllowedError(self._admin.principal, "AlterConfigs", f"topic {name}")
        if code:
            raise for_code(code)(f"{name}: {message}")
