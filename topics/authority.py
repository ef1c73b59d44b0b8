"""Authority: on which topic each type of account command comes."""

from collections.abc import Mapping
from typing import Final

from topics.account_topics import ACCOUNT_SOURCES

TOPIC_OF: Final[Mapping[str, str]] = {
    str(record.__struct_config__.tag): topic.name
    for topic in ACCOUNT_SOURCES
    for record in topic.records
}
"""The topic of each type of account command; charging refuses it on any other."""
