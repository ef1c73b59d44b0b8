"""Access: each role has what it needs, nobody else has it, and every format says the same."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from rater.cli.topics import topics as command
from topics import roles
from topics.access import Rule, rights, rules, topics_of
from topics.access_formats import PrincipalError, as_json, as_kafka_acls, as_strimzi
from topics.catalog import CATALOG
from topics.roles import ROLES, Role, produce_ids

each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.principal)
SIDES = ("call-platform", "call-control", "billing", "administrator", "finance")
"""Roles that are outside of Rater."""


def acls(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["acls", *arguments])


def holders(resource_type: str, name: str, operation: str) -> set[str]:
    return {
        role.principal
        for role in ROLES
        for right in rights(role)
        if (right.resource_type, right.name, right.operation) == (resource_type, name, operation)
    }


def test_a_topic_is_written_and_read_by_those_whom_the_catalog_names() -> None:
    for topic in CATALOG:
        assert holders("TOPIC", topic.name, "WRITE") == {each.principal for each in topic.writers}
        assert holders("TOPIC", topic.name, "READ") == {each.principal for each in topic.readers}


def test_money_comes_from_billing_recharge_and_whoever_stands_in_for_billing() -> None:
    """`dead-letters` writes again what billing wrote, and may mend it (A103)."""
    stand_ins = {"produce", "dead-letters"}
    assert holders("TOPIC", "account.commands.v1", "WRITE") == {"billing", "recharge", *stand_ins}


def test_whoever_ends_dead_letters_writes_what_is_written_by_hand_and_how_they_end() -> None:
    """What services alone write, such as payments, it may not write again."""
    written = {topic.name for topic in CATALOG if roles.DEAD_LETTERS in topic.writers}

    assert written == {*(topic.name for topic in CATALOG if topic.by_hand), "dead.ended.v1"}
    assert holders("TOPIC", "dead.ended.v1", "WRITE") == {"dead-letters"}
    assert holders("TRANSACTIONAL_ID", "rater-dead", "WRITE") == {"dead-letters"}


@pytest.mark.parametrize("outside", SIDES)
def test_nobody_outside_writes_what_services_alone_write(outside: str) -> None:
    written = {topic.name for topic in CATALOG if outside in {w.principal for w in topic.writers}}

    assert all(topic.by_hand for topic in CATALOG if topic.name in written)
    assert not any(topic.internal for topic in topics_of(_role(outside)))


def test_the_rights_of_the_gateway() -> None:
    assert [
        (r.resource_type, r.name, r.pattern_type, r.operation) for r in rights(roles.GATEWAY)
    ] == [
        ("TOPIC", "charging.settings.v1", "LITERAL", "READ"),
        ("TOPIC", "payment.commands.v1", "LITERAL", "READ"),
        ("TOPIC", "payment.results.v1", "LITERAL", "WRITE"),
        ("TOPIC", "recharge.dead.v1", "LITERAL", "WRITE"),
        ("GROUP", "rater-gateway", "LITERAL", "READ"),
    ]


@each_role
def test_a_role_has_a_group_and_transactional_ids_where_it_says_so(role: Role) -> None:
    beside = {
        right.resource_type: right for right in rights(role) if right.resource_type != "TOPIC"
    }

    assert ("GROUP" in beside) == (role.group is not None or role.watches)
    assert ("TRANSACTIONAL_ID" in beside) == (role.transactional_ids is not None)
    assert rights(role), role


def test_the_watch_sees_all_groups_joins_none_and_writes_nothing() -> None:
    found = rights(roles.WATCH)
    of_groups = [right for right in found if right.resource_type == "GROUP"]

    assert {right.operation for right in found} == {"READ", "DESCRIBE"}
    assert {right.operation for right in of_groups} == {"DESCRIBE"}
    assert {r.name for r in of_groups} == {role.group for role in ROLES if role.group}
    assert {right.resource_type for right in found} == {"TOPIC", "GROUP"}


def test_operators_alone_make_topics_and_see_how_they_are_set() -> None:
    for topic in CATALOG:
        assert holders("TOPIC", topic.name, "CREATE") == {"operator"}
        assert holders("TOPIC", topic.name, "DESCRIBE_CONFIGS") == {"operator"}
        seen = holders("TOPIC", topic.name, "DESCRIBE") | holders("TOPIC", topic.name, "READ")
        assert "operator" in seen


def test_whoever_may_delete_by_time_may_do_nothing_else_and_nobody_else_may() -> None:
    for topic in CATALOG:
        altered = {"retention"} if topic.has_retention else set()
        assert holders("TOPIC", topic.name, "ALTER_CONFIGS") == altered
    assert {right.operation for right in rights(roles.RETENTION)} == {"ALTER_CONFIGS"}


def test_no_role_may_open_the_transactions_of_another() -> None:
    ids = [role for role in ROLES if role.transactional_ids and role is not roles.PRODUCE]

    for one, other in combinations(ids, 2):
        a, b = str(one.transactional_ids), str(other.transactional_ids)
        assert not a.startswith(b), (one, other)
        assert not b.startswith(a), (one, other)


def test_rater_produce_writes_under_the_name_of_whom_it_writes_for() -> None:
    found = {topic.name: produce_ids(topic.writers) for topic in CATALOG if topic.by_hand}

    assert found == {
        "cdr.raw.v1": "rater-produce-call-platform-",
        "account.commands.v1": "rater-produce-billing-",
        "account.requests.v1": "rater-produce-administrator-",
        "recharge.commands.v1": "rater-produce-administrator-",
    }
    assert all(ids.startswith(str(roles.PRODUCE.transactional_ids)) for ids in found.values())
    assert produce_ids((roles.CHARGING,)) == "rater-produce-"


def test_principals_are_plain_and_different() -> None:
    names = [role.principal for role in ROLES]

    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in names)


def test_a_principal_of_two_roles_has_what_both_need_once() -> None:
    given = {"finance": "User:ops", "operator": "User:ops", "produce": "User:ops"}
    found = [rule for rule in rules(principals=given) if rule.principal == "User:ops"]

    assert len(set(found)) == len(found)
    wanted = {r for role in (roles.FINANCE, roles.OPERATOR, roles.PRODUCE) for r in rights(role)}
    assert set(found) == {right.of("User:ops") for right in wanted}
    assert len(rules(principals=given)) < len(rules())


def read_lines(text: str) -> Iterator[Rule]:
    """Read commands as `kafka-acls.sh` does: each operation on each name."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        program, *words = shlex.split(line)
        assert program == "kafka-acls.sh"
        assert words[:5] == ["--bootstrap-server", "$BROKER", "--command-config", "$ADMIN", "--add"]
        given: dict[str, list[str]] = {}
        for option, value in zip(words[5::2], words[6::2], strict=True):
            given.setdefault(option, []).append(value)
        (principal,) = given.pop("--allow-principal")
        (pattern,) = given.pop("--resource-pattern-type")
        operations = given.pop("--operation")
        ((option, names),) = given.items()
        for name in names:
            for operation in operations:
                yield _rule(
                    principal, option.strip("-").replace("-", "_"), name, pattern, operation
                )


def read_users(text: str) -> Iterator[Rule]:
    """Read KafkaUser resources as Strimzi's user operator does."""
    for user in yaml.safe_load_all(text):
        assert user["apiVersion"] == "kafka.strimzi.io/v1"
        assert user["kind"] == "KafkaUser"
        assert user["metadata"]["labels"] == {"strimzi.io/cluster": "kafka"}
        assert user["spec"]["authorization"]["type"] == "simple"
        front = {"tls": "CN=", "scram-sha-512": ""}[user["spec"]["authentication"]["type"]]
        for acl in user["spec"]["authorization"]["acls"]:
            kind = {"transactionalId": "TRANSACTIONAL_ID"}.get(acl["resource"]["type"])
            pattern = {"prefix": "prefixed"}.get(acl["resource"]["patternType"], "literal")
            for operation in acl["operations"]:
                yield _rule(
                    f"User:{front}{user['metadata']['name']}",
                    kind or acl["resource"]["type"],
                    acl["resource"]["name"],
                    pattern,
                    operation,
                )


def _rule(principal: str, kind: str, name: str, pattern: str, operation: str) -> Rule:
    fields: dict[str, Any] = {
        "principal": principal,
        "resource_type": kind.upper(),
        "name": name,
        "pattern_type": pattern.upper(),
        "operation": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper(),
    }
    return Rule(**fields)


PRINCIPALS = [{}, {"charging": "User:CN=charging", "operator": "User:ops", "produce": "User:ops"}]


@pytest.mark.parametrize("principals", PRINCIPALS)
def test_every_format_says_the_same(principals: dict[str, str]) -> None:
    found = rules(principals=principals)

    assert set(read_lines(as_kafka_acls(found))) == set(found)
    assert set(read_users(as_strimzi(found, "kafka"))) == set(found)
    assert [Rule(**each) for each in json.loads(as_json(found))] == found


def test_no_principal_and_no_name_ends_a_word_of_the_shell() -> None:
    wild = "User:a b'; rm -rf $HOME #"
    found = rules((roles.GATEWAY,), {"gateway": wild})

    assert {rule.principal for rule in read_lines(as_kafka_acls(found))} == {wild}


@pytest.mark.parametrize(
    "principal", ["User:Ops", "User:a b", "Group:ops", "User:", "User:CN=a,O=b"]
)
def test_what_strimzi_cannot_express_is_refused(principal: str) -> None:
    with pytest.raises(PrincipalError, match=r"User:name and User:CN=name"):
        as_strimzi(rules((roles.GATEWAY,), {"gateway": principal}), "kafka")


def test_the_command_prints_commands_by_default_and_of_one_role_alone_when_asked() -> None:
    everything, alone = acls(), acls("--role", "gateway")

    assert (everything.exit_code, set(read_lines(everything.stdout))) == (0, set(rules()))
    assert list(read_lines(alone.stdout)) == rules((roles.GATEWAY,))


def test_the_command_gives_each_role_the_principal_that_it_is_told() -> None:
    said = acls("--format", "json", "--role", "billing", "--principal", "billing=User:CN=bill,O=x")

    assert {each["principal"] for each in json.loads(said.stdout)} == {"User:CN=bill,O=x"}


def test_the_command_prints_users_of_the_cluster_that_it_is_told() -> None:
    said = acls("--format", "strimzi", "--cluster", "money", "--role", "gateway")
    (user,) = yaml.safe_load_all(said.stdout)

    assert user["metadata"] == {"name": "gateway", "labels": {"strimzi.io/cluster": "money"}}


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--principal", "nobody=User:x"], 2, "'nobody' is no role; there are call-platform,"),
        (["--principal", "billing=x"], 2, "must be ROLE=User:NAME"),
        (["--principal", "billing=User:"], 2, "must be ROLE=User:NAME"),
        (["--principal", "billing=User:a\nb"], 2, "must be ROLE=User:NAME"),
        (["--principal", "billing=User:a", "--principal", "billing=User:b"], 2, "named twice"),
        (["--role", "nobody"], 2, "'nobody' is not one of"),
        (["--format", "strimzi", "--principal", "billing=User:B"], 1, "Strimzi has User:name"),
    ],
)
def test_what_is_wrong_is_named(given: list[str], code: int, said: str) -> None:
    done = acls(*given)

    assert done.exit_code == code
    assert said in " ".join(done.output.replace("│", "").split())


def _role(principal: str) -> Role:
    return next(role for role in ROLES if role.principal == principal)
