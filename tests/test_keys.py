"""Keys: every topic's name their tenant, or say that they name none."""

import json
from pathlib import Path

import pytest

from topics.catalog import BY_NAME, CATALOG, DEAD, LOTS_CHANGELOG, RECHARGE_DEAD
from topics.keys import lot_key, suspense_key, user_key
from topics.partitioner import partition_of

EXAMPLES = Path(__file__).parents[1] / "topics" / "examples"
BY_FIELDS = [each for each in CATALOG if each.key.text.startswith("tenant_id")]


@pytest.mark.parametrize("topic", [each.name for each in BY_FIELDS if not each.internal])
def test_the_key_of_a_record_names_its_tenant(topic: str) -> None:
    key = BY_NAME[topic].key
    for line in (EXAMPLES / f"{topic}.valid.jsonl").read_text().splitlines():
        record = json.loads(line)
        assert key.tenant_of(key.of(record)) == record["tenant_id"].encode()


def test_the_tenant_is_found_whatever_else_a_key_names() -> None:
    named = {
        "user.status.v1": user_key("a.b:c", "x/y"),
        "rater-charging-users-changelog": user_key("a.b:c", "x/y"),
        "rater-charging-suspense-changelog": suspense_key("a.b:c", "x/ y"),
        LOTS_CHANGELOG.name: lot_key("a.b:c", "x y/z"),
        DEAD.name: b"a.b:c",
    }
    for topic, key in named.items():
        assert BY_NAME[topic].key.tenant_of(key) == b"a.b:c", topic


def test_a_key_that_names_no_tenant_says_so() -> None:
    assert LOTS_CHANGELOG.key.tenant_of(b"forgotten") is None
    without = {each.name for each in CATALOG if not each.key.names_tenants}
    assert without == {
        *(each.name for each in CATALOG if each.made_by),
        "rater-charging-batches-changelog",
        "rater-recharge-batches",
        "dead.ended.v1",
    }
    for name in without:
        assert BY_NAME[name].key.tenant_of(b"acme") is None


def test_a_tenant_is_no_part_of_another_ones_key() -> None:
    assert BY_NAME["cdr.raw.v1"].key.tenant_of(b"acme/x") == b"acme/x"
    assert BY_NAME["user.status.v1"].key.tenant_of(b"acme2/x") == b"acme2"


def test_dead_letters_alone_may_lie_in_no_partition_of_their_tenant() -> None:
    elsewhere = [each for each in CATALOG if each.key.names_tenants and not each.key.is_by_tenant]
    assert elsewhere == [DEAD, RECHARGE_DEAD]
    assert partition_of(b"acme", 8) != partition_of(user_key("acme", "ann"), 8)
