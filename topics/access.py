"""Access: what each role may do on a broker, derived from who writes and who reads which topic.

What is needed, on Apache Kafka 4.3 (`tests/e2e/test_acls_kafka.py` sees every one of them used, and nothing refused):

- To write a topic, Write on it. That carries Describe, and the right to be an idempotent producer (KIP-679), so that
  nobody needs anything on the cluster.
- To write in transactions, Write on the transactional id besides.
- To read a topic, Read on it, which carries Describe. To read it in a group, or to commit offsets of one in a
  transaction, Read on the group besides. To see from outside how far a group is, Describe on it.
- To make topics, Create on each; to compare them with the catalog, Describe and DescribeConfigs.
- To set for how long a topic keeps records, AlterConfigs on it, which carries DescribeConfigs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from topics.catalog import CATALOG, Topic
from topics.roles import GROUPS, ROLES, Role

ResourceType = Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"]
PatternType = Literal["LITERAL", "PREFIXED"]
Operation = Literal["READ", "WRITE", "CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"]

ANY_HOST: Final = "*"
USER: Final = "User:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One right of one principal, in the words of Kafka's admin API."""

    principal: str
    """With its type in front: `User:charging`."""
    host: str = ANY_HOST
    resource_type: ResourceType
    name: str
    """Of a topic, a group or a transactional id; with the pattern PREFIXED, what it begins with."""
    pattern_type: PatternType
    operation: Operation
    permission: Literal["ALLOW"] = "ALLOW"


@dataclass(frozen=True, slots=True)
class Right:
    """What a role may do, whoever plays it."""

    resource_type: ResourceType
    name: str
    pattern_type: PatternType
    operation: Operation

    def of(self, principal: str) -> Rule:
        """Return the rule that gives it to a principal."""
        return Rule(
            principal=principal,
            resource_type=self.resource_type,
            name=self.name,
            pattern_type=self.pattern_type,
            operation=self.operation,
        )


def topics_of(role: Role) -> tuple[Topic, ...]:
    """Return the topics that a role writes or reads, in the catalog's order: those that a broker lets it see."""
    return tuple(topic for topic in CATALOG if role in (*topic.writers, *topic.readers))


def rights(role: Role) -> list[Right]:
    """Return all that a role needs, and nothing that it does not."""
    needed = [
        Right("TOPIC", topic.name, "LITERAL", operation)
        for topic in CATALOG
        for operation in _on_topic(role, topic)
    ]
    if role.group is not None:
        needed.append(Right("GROUP", role.group, "LITERAL", "READ"))
    if role.watches:
        needed += [Right("GROUP", group, "LITERAL", "DESCRIBE") for group in GROUPS]
    if role.transactional_ids is not None:
        pattern: PatternType = "PREFIXED" if role.has_many_ids else "LITERAL"
        needed.append(Right("TRANSACTIONAL_ID", role.transactional_ids, pattern, "WRITE"))
    return needed


def _on_topic(role: Role, topic: Topic) -> Iterator[Operation]:
    if role in topic.readers:
        yield "READ"
    if role in topic.writers:
        yield "WRITE"
    if role.makes_topics:
        yield "CREATE"
        if role not in (*topic.readers, *topic.writers):
            yield "DESCRIBE"
        yield "DESCRIBE_CONFIGS"
    if role.sets_retention and topic.has_retention:
        yield "ALTER_CONFIGS"


def principal_of(role: Role, principals: Mapping[str, str]) -> str:
    """Return who plays a role: whom `principals` names, by the role's own name, else `User:` and that."""
    return principals.get(role.principal, f"{USER}{role.principal}")


def rules(roles: Iterable[Role] = ROLES, principals: Mapping[str, str] | None = None) -> list[Rule]:
    """Return the rules for some roles, each once, by principal.

    A principal that plays several roles has what all of them need.
    """
    by_principal: dict[str, list[Rule]] = {}
    for role in roles:
        principal = principal_of(role, principals or {})
        by_principal.setdefault(principal, []).extend(each.of(principal) for each in rights(role))
    return [rule for each in by_principal.values() for rule in dict.fromkeys(each)]
