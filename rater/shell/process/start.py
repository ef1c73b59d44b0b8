"""The start of a service: what must be on the broker before it does anything, and how it says that it cannot."""

import logging
from collections.abc import Iterable

from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.kafka.refusal import UnreachableError
from rater.shell.admin.missing import MissingTopicsError, counts_with
from topics.catalog import Topic


class StartError(Exception):
    """The service could not start; the message says what to do."""


async def equal_partitions(
    broker: Broker, keyed: Iterable[Topic], others: Iterable[Topic] = ()
) -> int:
    """Return the partition count of the topics keyed by tenant, which must agree; `others` must only be there.

    StartError where no broker answers, a topic is missing, or the counts differ.
    """
    names = [topic.name for topic in keyed]
    try:
        counts = await counts_with(broker, [*names, *(topic.name for topic in others)])
    except UnreachableError as error:
        raise StartError(f"{error} (set --broker or RATER_BROKER)") from error
    except (KafkaError, MissingTopicsError) as error:
        raise StartError(str(error)) from error
    finally:
        # What it says from here on of groups and retries is not news.
        logging.getLogger("aiokafka").setLevel(logging.WARNING)
    found = {name: counts[name] for name in names}
    if len(set(found.values())) != 1:
        raise StartError(f"topics keyed by tenant must have equal partition counts, found {found}")
    return counts[names[0]]
