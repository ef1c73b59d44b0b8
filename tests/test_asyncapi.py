"""The AsyncAPI document says what the catalog says, and AsyncAPI's own parser takes it, as does its own schema."""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from deploy.reference import asyncapi, asyncapi_page
from deploy.reference.golden import golden
from deploy.reference.yaml_text import OneLine, as_yaml
from rater.kafka.security import MECHANISMS, PROTOCOLS
from topics import roles
from topics.catalog import ACCOUNT_COMMANDS, CATALOG, CDR_RAW, RATE_DECKS, USER_STATUS, Topic
from topics.roles import ROLES
from topics.schema import topic_schema

Document = dict[str, Any]

DESCRIBED = [topic for topic in CATALOG if topic.records]


@cache
def referring() -> Document:
    """Return the document that refers to the files of schemas; made when it is first asked for."""
    return asyncapi.document()


@cache
def whole() -> Document:
    return asyncapi.document(whole=True)


with_packages = pytest.mark.skipif(
    not asyncapi_page.is_installed(),
    reason="AsyncAPI's packages are not there: make check-asyncapi",
)


def examples(topic: Topic, kind: str) -> list[Any]:
    path = asyncapi.ROOT / "topics" / "examples" / f"{topic.name}.{kind}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, OneLine):
        return
    for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
        if key == "$ref":
            yield inside
        elif isinstance(inside, dict | list):
            yield from references(inside)


def found(document: Document, reference: str) -> Any:
    """Return what a reference leads to; KeyError or an error of files where it leads nowhere."""
    place, _, pointer = reference.partition("#/")
    value: Any = json.loads((asyncapi.FILE.parent / place).read_text()) if place else document
    for part in pointer.split("/"):
        value = value[part]
    return value


def test_a_channel_is_a_topic_with_its_settings_on_the_broker() -> None:
    channels = referring()["channels"]

    assert list(channels) == [topic.name for topic in CATALOG]
    for topic in CATALOG:
        binding = channels[topic.name]["bindings"]["kafka"]
        settings = binding["topicConfiguration"]
        assert (channels[topic.name]["address"], binding["topic"]) == (topic.name, topic.name)
        assert binding["partitions"] == topic.partitions
        assert {**settings, "cleanup.policy": ",".join(settings["cleanup.policy"])} == {
            name: int(value) if value.lstrip("-").isdigit() else value
            for name, value in topic.config().items()
        }


def test_operations_are_what_roles_may_write_and_read_and_nothing_else() -> None:
    said = {
        (each["tags"][0]["name"], each["action"], each["channel"]["$ref"].removeprefix("#/channels/"))
        for each in referring()["operations"].values()
    }  # fmt: skip
    writing = {(role.principal, "send", t.name) for t in CATALOG for role in t.writers}
    reading = {(role.principal, "receive", t.name) for t in CATALOG for role in t.readers}

    assert said == writing | reading
    assert len(referring()["operations"]) == len(said)


def test_an_operation_says_its_group_and_its_transactional_ids() -> None:
    of = referring()["operations"]

    assert of["charging.receives.cdr.raw.v1"]["bindings"]["kafka"]["groupId"]["const"] == roles.APP
    for topic in CATALOG:
        in_groups = {
            role
            for role in topic.readers
            if "bindings" in of[f"{role.principal}.receives.{topic.name}"]
        }
        assert in_groups == set(topic.taken_by)
    assert of["charging.sends.ledger.entries.v1"]["x-transactional-ids"] == f"{roles.APP}-…"
    assert of["plan-loader.sends.rate.plans.v1"]["x-transactional-ids"] == roles.PLAN_LOADER_ID
    assert of["produce.sends.cdr.raw.v1"]["x-transactional-ids"] == "rater-produce-call-platform-…"
    assert "x-transactional-ids" not in of["gateway.sends.payment.results.v1"]


def test_tags_are_roles_and_a_channel_has_those_of_its_writers() -> None:
    declared = [tag["name"] for tag in referring()["info"]["tags"]]

    assert declared == [*(role.principal for role in ROLES), "internal"]
    for topic in CATALOG:
        tags = [tag["name"] for tag in referring()["channels"][topic.name]["tags"]]
        writers = [role.principal for role in topic.writers]
        assert tags == writers + (["internal"] if topic.internal else [])


def test_every_protocol_is_a_server_and_every_mechanism_a_scheme() -> None:
    servers = referring()["servers"]
    schemes = referring()["components"]["securitySchemes"]
    offered = {
        name: [found(referring(), each["$ref"])["type"] for each in server.get("security", [])]
        for name, server in servers.items()
    }

    assert list(servers) == [name.lower() for name in PROTOCOLS]
    logins = ["plain", "scramSha256", "scramSha512", "oauth2"]
    assert offered == {"plaintext": [], "ssl": ["X509"], "sasl_plaintext": logins, "sasl_ssl": logins}  # fmt: skip
    assert {name.lower() for name in MECHANISMS} < set(schemes)
    assert {name: s["protocol"] for name, s in servers.items()} == {
        "plaintext": "kafka",
        "ssl": "kafka-secure",
        "sasl_plaintext": "kafka",
        "sasl_ssl": "kafka-secure",
    }


@pytest.mark.parametrize("made", [referring, whole], ids=["referring", "whole"])
def test_every_reference_leads_somewhere(made: Callable[[], Document]) -> None:
    document = made()
    leading = list(references(document))

    assert len(leading) > 200
    assert all(found(document, each) is not None for each in leading)


def test_the_whole_document_needs_no_file() -> None:
    assert [each for each in references(whole()) if not each.startswith("#/")] == []


@pytest.mark.parametrize("topic", DESCRIBED, ids=[topic.name for topic in DESCRIBED])
def test_every_golden_record_is_an_example_of_one_message(topic: Topic) -> None:
    messages = referring()["channels"][topic.name]["messages"]
    shown = [each["payload"] for name in messages for each in messages[name]["examples"]]

    assert list(messages) == [record.__name__ for record in topic.records]
    assert all(message["examples"] for message in messages.values())
    in_order = sorted(json.dumps(each) for each in examples(topic, "valid"))
    assert sorted(json.dumps(each) for each in shown) == in_order


@pytest.mark.parametrize("topic", DESCRIBED, ids=[topic.name for topic in DESCRIBED])
def test_a_schema_means_the_same_in_draft_7(topic: Topic) -> None:
    """AsyncAPI takes a schema for one of draft 7; ours are of 2020-12, and use what both have."""
    schema = topic_schema(topic)
    as_draft_7 = {"anyOf": [{"$ref": f"#/$defs/{record.__name__}"} for record in topic.records]}
    new, old = Draft202012Validator(schema), Draft7Validator({**as_draft_7, "$defs": schema["$defs"]})  # fmt: skip
    beside = {key for each in _objects(schema["$defs"]) if "$ref" in each for key in each}

    # Draft 7 passes over what stands beside a reference.
    assert beside <= {"$ref"}
    for record in [*examples(topic, "valid"), *(bad["record"] for bad in examples(topic, "invalid"))]:  # fmt: skip
        assert old.is_valid(record) == new.is_valid(record)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inside in value if isinstance(value, list) else ():
        yield from _objects(inside)


def test_a_key_has_the_schema_of_the_field_that_it_is() -> None:
    def key(topic: Topic, message: str) -> Document:
        said = whole()["channels"][topic.name]["messages"][message]["bindings"]["kafka"]["key"]
        assert isinstance(said, dict)
        return said

    tenant = topic_schema(CDR_RAW)["$defs"]["Cdr"]["properties"]["tenant_id"]
    assert key(CDR_RAW, "Cdr") == {**tenant, "description": "tenant_id"}
    assert key(ACCOUNT_COMMANDS, "AddFunds")["maxLength"] == tenant["maxLength"]
    assert key(USER_STATUS, "UserStatus") == {"type": "string", "description": "tenant_id/user_id"}
    assert key(RATE_DECKS, "DeckChunk")["description"] == "deck_id/version/part"


def test_the_text_is_read_back_as_the_document() -> None:
    for document, text in ((referring(), asyncapi.text()), (whole(), asyncapi.text(whole=True))):
        assert yaml.load(text, yaml.CSafeLoader) == json.loads(json.dumps(document))


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.sampled_from(["no", "1", "", "2026-11-02"]),
    lambda inside: st.lists(inside) | st.dictionaries(texts, inside) | st.dictionaries(texts, inside).map(OneLine),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(texts | st.sampled_from(["on", "null", "a.b", "$ref", "-"]), values, min_size=1))  # fmt: skip
def test_yaml_means_what_was_written(value: dict[str, Any]) -> None:
    assert yaml.load(as_yaml(value), yaml.CSafeLoader) == value
    assert yaml.safe_load(as_yaml(value)) == value


def parse(*paths: Path) -> tuple[int, str]:
    files = (asyncapi_page.TOOLS / "check.cjs", asyncapi_page.PACKAGES, *paths)
    done = subprocess.run(["node", *map(str, files)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@with_packages
def test_asyncapis_own_parser_takes_the_document(tmp_path: Path) -> None:
    file = tmp_path / "whole.yaml"
    file.write_text(asyncapi.text(whole=True))
    messages = sum(len(topic.records) or 1 for topic in CATALOG)
    counts = (
        f"{len(CATALOG)} channels, {messages} messages, {len(referring()['operations'])} operations"
    )
    valid = f"valid AsyncAPI 3.0.0: {counts}\n"

    assert parse(asyncapi.FILE, file) == (0, f"asyncapi.yaml: {valid}whole.yaml: {valid}")


def small() -> Document:
    """Return a document of one channel, which is parsed quickly."""
    made: Document = json.loads(json.dumps(whole()))
    name = USER_STATUS.name
    made["channels"] = {name: made["channels"][name]}
    wanted = f"charging.sends.{name}"
    made["operations"] = {wanted: made["operations"][wanted]}
    schemas = made["components"]["schemas"]
    made["components"]["schemas"] = {k: v for k, v in schemas.items() if k.startswith(name)}
    return made


def no_partitions(document: Document) -> None:
    document["channels"][USER_STATUS.name]["bindings"]["kafka"]["partitions"] = 0


def an_unknown_action(document: Document) -> None:
    next(iter(document["operations"].values()))["action"] = "write"


def a_channel_that_is_not_there(document: Document) -> None:
    next(iter(document["operations"].values()))["channel"]["$ref"] = "#/channels/gone.v1"


def an_unknown_login(document: Document) -> None:
    document["components"]["securitySchemes"]["plain"]["type"] = "password"


def a_message_of_another_channel(document: Document) -> None:
    next(iter(document["operations"].values()))["messages"] = [
        {"$ref": "#/channels/gone/messages/x"}
    ]


def a_schema_that_is_none(document: Document) -> None:
    fields = document["components"]["schemas"][f"{USER_STATUS.name}.UserStatus"]["properties"]
    fields["tenant_id"]["type"] = "txt"


FAULTS = [no_partitions, an_unknown_action, a_channel_that_is_not_there, an_unknown_login,
          a_message_of_another_channel, a_schema_that_is_none]  # fmt: skip


@with_packages
def test_asyncapis_own_parser_finds_every_fault(tmp_path: Path) -> None:
    """The check of the check; a document without a fault is among them."""
    paths = {name: tmp_path / f"{name}.yaml" for name in ["none", *(f.__name__ for f in FAULTS)]}
    paths["none"].write_text(as_yaml(small()))
    for fault in FAULTS:
        document = small()
        fault(document)
        paths[fault.__name__].write_text(as_yaml(document))
    code, said = parse(*paths.values())
    faults = [line for line in said.splitlines() if ": error: line " in line]
    refused = {line.partition(".yaml: error: line ")[0] for line in faults}

    assert code == 1
    assert refused == {fault.__name__ for fault in FAULTS}
    assert "none.yaml: valid AsyncAPI 3.0.0: 1 channels" in said


@with_packages
def test_asyncapis_own_schema_takes_the_document_and_finds_a_fault() -> None:
    """A second reader, in another language: jsonschema, by the schema that AsyncAPI publishes."""
    folder = asyncapi_page.PACKAGES / "node_modules" / "@asyncapi" / "specs" / "schemas"
    published = Draft7Validator(json.loads((folder / "3.0.0.json").read_text()))
    wrong = small()
    no_partitions(wrong)

    assert [error.message for error in published.iter_errors(whole())] == []
    assert not published.is_valid(wrong)


@with_packages
def test_the_page_of_the_document_may_fetch_nothing_and_holds_every_topic() -> None:
    page = asyncapi_page.browser_page()
    policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]

    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert all(f'"{topic.name}":' in page for topic in CATALOG)


def test_without_the_packages_the_site_has_the_document_and_no_link_to_what_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asyncapi_page, "is_installed", lambda: False)

    assert set(asyncapi_page.files()) == {"asyncapi.yaml"}
    assert "(asyncapi.yaml)" in asyncapi_page.page()
    assert asyncapi_page.BROWSER not in asyncapi_page.page()


def test_golden_records_of_a_topic_without_tag_are_told_apart_by_their_fields() -> None:
    assert {name: len(each) for name, each in golden(RATE_DECKS).items()} == {
        "DeckManifest": 2,
        "DeckChunk": 1,
        "DeckRetirement": 1,
    }
