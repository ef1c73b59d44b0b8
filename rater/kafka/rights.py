"""Rights that a broker did not grant: who would need which, on what. aiokafka's errors name a thing at most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.metadata import MetadataRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOPIC = TopicAuthorizationFailedError.errno


class NotAllowedError(KafkaError):  # type: ignore[misc]
    """The broker knows us and does not let us do it; the message says who needs which right on what."""

    def __init__(self, principal: str, operation: str, resource: str) -> None:
        self.principal = principal
        self.operation = operation
        self.resource = resource
        super().__init__(f"not allowed: {principal} needs {operation} on {resource}")

    def __str__(self) -> str:
        """Return the message without the name of the class, which aiokafka puts in front."""
        return str(self.args[0])


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def not_allowed(
    error: BaseException | None, principal: str, *, on_topics: str = "Write"
) -> NotAllowedError | None:
    """Return what an error of a client means where it is of a missing right, else None.

    `on_topics` is what was tried with a topic: a consumer of ours says so itself, so it is most often a producer.
    """
    for cause in causes(error):
        if isinstance(cause, NotAllowedError):
            return cause
        thing = _named(cause)
        if isinstance(cause, TopicAuthorizationFailedError):
            return NotAllowedError(principal, on_topics, f"topic {thing}")
        if isinstance(cause, GroupAuthorizationFailedError):
            return NotAllowedError(principal, "Read", f"group {thing}")
        if isinstance(cause, TransactionalIdAuthorizationFailed):
            return NotAllowedError(principal, "Write", f"transactional id {thing}")
        if isinstance(cause, ClusterAuthorizationFailedError):
            return NotAllowedError(principal, "more", "the cluster")
    return None


def _named(error: BaseException) -> str:
    """Return what an error says that it is about."""
    about: Any = error.args[0] if error.args else "(not said)"
    if isinstance(about, str):
        return about
    return ", ".join(sorted(map(str, about))) if isinstance(about, Iterable) else str(about)


async def hidden(client: Any, topics: Iterable[str]) -> list[str]:
    """Return those of the topics that a started admin client may not even see; they may be there or not."""
    # Not aiokafka's describe_topics: it would let brokers that create topics by themselves create these.
    answer = await client._send_request(MetadataRequest(list(topics), False))  # noqa: SLF001
    return sorted(
        topic["topic"] for topic in answer.to_object()["topics"] if topic["error_code"] == _TOPIC
    )
