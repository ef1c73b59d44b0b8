"""The published language: schemas are fresh, examples hold, the partitioner is Java's."""

import ast
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rater.reconcile.reading.log import READ, SHARED
from rater.shell.admin.validation import Problem, RecordCheck, decode
from rater.shell.notifier.writer import transactional_id
from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from topics import roles, schema
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_SOURCES,
    BY_NAME,
    CATALOG,
    CDR_RAW,
    LEDGER,
    SUSPENSE,
    Topic,
)
from topics.fields import NO_CURRENCY
from topics.handbook import retention
from topics.partitioner import murmur2, partition_of
from topics.roles import ROLES
from topics.topic import MONTH_MS

FOLDER = Path(schema.FOLDER)
DESCRIBED = [topic for topic in CATALOG if topic.records]
JAVA_MURMUR2 = {
    # The vectors of Kafka's own UtilsTest, signed as in Java.
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def lines(topic: Topic, kind: str) -> list[dict[str, Any]]:
    text = (FOLDER / "examples" / f"{topic.name}.{kind}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def valid(topic: Topic) -> list[dict[str, Any]]:
    return lines(topic, "valid")


def each(topics: list[Topic]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("topic", topics, ids=[topic.name for topic in topics])


def problems(topic: Topic, **changes: object) -> list[str]:
    """Say what is wrong with the topic's first golden record after some changes."""
    return [str(p) for p in RecordCheck(topic).problems({**valid(topic)[0], **changes})]


def test_the_generated_files_are_fresh() -> None:
    command = [sys.executable, "-m", "topics.schema", "--check"]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stale_schema_and_a_stale_table_are_named_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    shutil.copytree(FOLDER / "schemas", folder / "schemas")
    shutil.copy(FOLDER / "README.md", folder / "README.md")
    assert schema.stale(folder) == []

    ledger = folder / "schemas" / "ledger.entries.v1.json"
    ledger.write_text(ledger.read_text().replace('"currency"', '"money"'))
    handbook = folder / "README.md"
    handbook.write_text(handbook.read_text().replace("14 days", "15 days"))
    (folder / "schemas" / "gone.v1.json").write_text("{}")
    (folder / "schemas" / "cdr.raw.v1.json").unlink()
    names = {"ledger.entries.v1.json", "README.md", "gone.v1.json", "cdr.raw.v1.json"}

    assert {path.name for path in schema.stale(folder)} == names
    assert {path.name for path in schema.write(folder)} == names
    assert schema.stale(folder) == []


def test_check_exits_with_1_and_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = FOLDER / "schemas" / "cdr.raw.v1.json"
    monkeypatch.setattr(schema, "stale", lambda: [stale])

    assert schema.main(["--check"]) == 1
    assert "topics/schemas/cdr.raw.v1.json: stale" in capsys.readouterr().out


@each(DESCRIBED)
def test_a_schema_is_valid_json_schema(topic: Topic) -> None:
    Draft202012Validator.check_schema(schema.topic_schema(topic))


@each(DESCRIBED)
def test_every_record_type_has_a_golden_example(topic: Topic) -> None:
    if topic.tag:
        tags = {
            schema.topic_schema(topic)["$defs"][r.__name__]["properties"][topic.tag]["const"]
            for r in topic.records
        }
        assert {record[topic.tag] for record in valid(topic)} == tags
    else:
        assert len(valid(topic)) >= len(topic.records)


@each([topic for topic in DESCRIBED if topic.tag])
def test_a_tagged_record_says_its_tag_to_msgspec_and_to_mypy_alike(topic: Topic) -> None:
    assert topic.tag is not None
    for record in topic.records:
        config = record.__struct_config__
        (literal,) = get_args(get_type_hints(record)[topic.tag])
        assert (config.tag_field, (config.tag,)) == (topic.tag, get_args(literal))
        assert getattr(record, topic.tag) == config.tag


def test_the_published_language_imports_msgspec_and_no_other_library() -> None:
    imported = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])

    assert imported - sys.stdlib_module_names == {"msgspec", "topics"}


@each(DESCRIBED)
def test_golden_examples_are_accepted(topic: Topic) -> None:
    check = RecordCheck(topic)
    published = Draft202012Validator(schema.topic_schema(topic))

    for record in valid(topic):
        assert check.problems(decode(json.dumps(record).encode())) == []
        assert published.is_valid(record)


@each(DESCRIBED)
def test_invalid_examples_are_refused_at_the_field_for_the_reason(topic: Topic) -> None:
    check = RecordCheck(topic)
    assert lines(topic, "invalid")

    for line in lines(topic, "invalid"):
        found = [(p.field, p.why) for p in check.problems(line["record"])]
        assert found == [(line["field"], line["why"])]


@pytest.mark.parametrize(
    ("topic", "read"),
    [(CDR_RAW, decode_cdr), *((topic, decode_command) for topic in ACCOUNT_SOURCES)],
    ids=[CDR_RAW.name, *(topic.name for topic in ACCOUNT_SOURCES)],
)
def test_the_workers_read_what_the_schema_accepts_and_nothing_it_refuses(
    topic: Topic, read: Any
) -> None:
    for record in valid(topic):
        assert not isinstance(read(json.dumps(record).encode()), Malformed)
    for line in lines(topic, "invalid"):
        assert isinstance(read(json.dumps(line["record"]).encode()), Malformed), line


@each(DESCRIBED)
def test_only_records_of_others_may_carry_unknown_fields(topic: Topic) -> None:
    found = problems(topic, colour="red")

    assert found == ([] if topic.external else ['colour: is not a known field, found "red"'])


def test_renamed_and_optional_fields_and_defaults_are_in_the_schema() -> None:
    fields = schema.topic_schema(CDR_RAW)["$defs"]["Cdr"]["properties"]

    assert "from" in fields
    assert "from_" not in fields
    assert fields["from"]["anyOf"][1] == {"type": "null"}
    assert fields["from"]["default"] is None
    assert fields["kind"] == {
        "type": "string",
        "enum": ["final", "correction", "void"],
        "default": "final",
    }
    assert fields["answered_at"]["description"] == "Where absent, the start is the answer."
    assert fields["started_at"]["format"] == "date-time"


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-01T10:00:00",
        "2026-03-01 10:00:00Z",
        "2026-03-01T10:00:00+0100",
        "2026-02-29T10:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T10:00:60Z",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "2026-03-01T10:00:00Z\n",
        "2026-03-01",
    ],
)
def test_a_time_without_offset_or_outside_the_calendar_is_refused(moment: str) -> None:
    (found,) = problems(CDR_RAW, started_at=moment)

    assert found.startswith("started_at: must be an RFC 3339 date-time with an offset")


@pytest.mark.parametrize(
    "moment",
    ["2024-02-29T10:00:00Z", "2026-03-01T10:00:00.123456789-11:30", "2100-12-31T00:00:00Z"],
)
def test_a_time_with_an_offset_is_accepted(moment: str) -> None:
    assert problems(CDR_RAW, started_at=moment) == []


def test_a_pattern_must_match_a_text_as_a_whole() -> None:
    assert len(problems(CDR_RAW, tenant_id="acme\n")) == 1
    assert len(problems(CDR_RAW, to="+34600111222x")) == 1
    assert len(problems(CDR_RAW, to="x112")) == 1


def test_a_fault_in_one_type_of_several_names_the_field_and_the_value() -> None:
    command = {**valid(ACCOUNT_COMMANDS)[2], "amount_micros": -7}

    assert [str(p) for p in RecordCheck(ACCOUNT_COMMANDS).problems(command)] == [
        "amount_micros: must be at least 1, found -7"
    ]


@pytest.mark.parametrize("record", [None, 1, "text", [], [{}]])
def test_what_is_no_object_is_refused(record: object) -> None:
    (problem,) = RecordCheck(CDR_RAW).problems(record)

    assert problem.why == "must be an object"


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        (b'{"a": {"b": 1, "b": 2}}', "b", "stands twice in one object"),
        (b"{not json", "", "not JSON"),
        (b'{"a": NaN}', "", "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "", "-Infinity is not a JSON number"),
        (b'{"a": "\xff"}', "", "not UTF-8 at byte 8"),
        (b'{"a": "\\ud800"}', "", "half a surrogate pair"),
        (b"[" * 100_000, "", "nested too deeply"),
        (b"1" * 5_000, "", "not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "", "not JSON"),
        (b"", "", "not JSON"),
    ],
)
def test_what_is_not_strict_json_is_a_problem_and_not_an_exception(
    line: bytes, field: str, why: str
) -> None:
    problem = decode(line)

    assert isinstance(problem, Problem)
    assert problem.field == field
    assert why in problem.why
    assert len(str(problem)) < 250


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_text() -> None:
    assert decode(b'{"a": "\\ud83d\\ude00 \\\\ud800"}') == {"a": "\U0001f600 \\ud800"}


@given(st.binary(max_size=60))
def test_no_bytes_make_decoding_raise(line: bytes) -> None:
    decode(line)


@pytest.mark.parametrize("key", JAVA_MURMUR2)
def test_murmur2_is_javas(key: bytes) -> None:
    assert murmur2(key) == JAVA_MURMUR2[key] % 2**32


@given(st.binary(max_size=200))
def test_murmur2_is_that_of_the_client_we_use(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key) % 2**32


def test_keys_spread_over_all_partitions() -> None:
    counts = Counter(partition_of(f"tenant-{i}".encode(), 8) for i in range(8_000))

    assert set(counts) == set(range(8))
    assert min(counts.values()) > 800


def test_all_topics_keyed_by_tenant_have_the_same_number_of_partitions() -> None:
    assert {topic.partitions for topic in CATALOG if not topic.made_by} == {8}
    assert {topic.partitions for topic in CATALOG if topic.made_by} == {1}


def test_roles_are_those_that_services_play() -> None:
    assert set(ROLES) >= {role for topic in CATALOG for role in (*topic.writers, *topic.readers)}
    assert len({role.name for role in ROLES}) == len(ROLES)
    assert transactional_id(3) == f"{roles.NOTIFIER.transactional_ids}3"
    for role in (roles.CHARGING, roles.RECHARGE):
        assert role.transactional_ids == f"{role.group}-"


def test_the_reconciler_reads_what_it_is_a_reader_of() -> None:
    said = {topic.name for topic in CATALOG if roles.RECONCILER in topic.readers}

    assert said == {*READ, *SHARED}


def test_what_services_alone_write_is_written_by_services() -> None:
    for topic in CATALOG:
        by_service = [each for each in topic.writers if each.group or each.transactional_ids]
        assert topic.by_hand or by_service == list(topic.writers), topic.name


def test_every_topic_says_who_writes_and_reads_it_and_for_how_long() -> None:
    for topic in CATALOG:
        assert topic.purpose
        assert topic.key
        assert topic.writers
        assert topic.readers
        assert retention(topic)
        assert topic.config()["cleanup.policy"] in {"delete", "compact"}
    assert len(BY_NAME) == len(CATALOG)


def test_what_stands_for_no_currency_is_in_the_documents() -> None:
    root = Path(__file__).parents[1]
    for page in ("README.md", "topics/README.md"):
        assert f"`{NO_CURRENCY}`" in (root / page).read_text(), page


def test_a_ledger_keeps_a_beginning_of_every_account_and_more_than_what_is_held_against_it() -> (
    None
):
    """An account is carried forward with every month: two months have one in them, whenever they begin."""
    assert retention(LEDGER) == "775 days"
    assert retention(SUSPENSE) == "403 days"
    kept = [t.retention_ms for t in CATALOG if t.cleanup == "delete" and t.name != LEDGER.name]

    assert LEDGER.retention_ms > max(*kept, 2 * MONTH_MS)


@each(list(CATALOG))
def test_the_handbook_has_every_topic_and_record_type(topic: Topic) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert f"| `{topic.name}`" in text
    for record in topic.records:
        assert f"| `{topic.name}` | `{record.__name__}` |" in text
