"""What the shell relies on inside Faust and aiokafka (D13): an upgrade must fail here first."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from rater.kafka import bounded_records
from rater.shell.process import runner, watchdog
from rater.shell.stream import (
    consumer,
    consumer_thread,
    faust_private,
    recovery,
    transactions,
    transport,
    writer,
)

OURS = {
    "aiokafka.consumer.fetcher:PartitionRecords": bounded_records.BoundedRecords,
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread": consumer_thread.BatchConsumerThread,
    "faust.transport.drivers.aiokafka:Consumer": consumer.BatchConsumer,
    "faust.transport.consumer:TransactionManager": transactions.Transactions,
    "faust.transport.conductor:Conductor": transport.StaticConductor,
    "faust.tables.manager:TableManager": recovery.StateTableManager,
    "faust.tables.recovery:Recovery": recovery.StateRecovery,
}
NAMES = [
    (owner, name, signature)
    for group in (faust_private.CALLED, faust_private.OVERRIDDEN)
    for owner, names in group.items()
    for name, signature in names.items()
]
MODULES = [
    "batches",
    "changelog",
    "consumer",
    "consumer_thread",
    "faust_broker",
    "faust_private",
    "faust_settings",
    "leases",
    "recovery",
    "tables",
    "transaction",
    "transactions",
    "transport",
    "writer",
]
REPLACED = [(owner, name) for owner, names in faust_private.OVERRIDDEN.items() for name in names]
READ = [(owner, name) for owner, names in faust_private.ATTRIBUTES.items() for name in names]


def find(owner: str) -> Any:
    module, _, name = owner.partition(":")
    found = getattr(importlib.import_module(module), name)
    # Another test may have put ours in its place already.
    return found.__base__ if found in OURS.values() else found


def spelled(function: Any) -> str:
    """Spell a signature without its annotations."""
    signature = inspect.signature(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def full_record_batch(records: int) -> BatchBuilder:
    builder = BatchBuilder(1_000_000, 0, is_transactional=True)
    for number in range(records):
        builder.append(timestamp=1_700_000_000_000, key=b"k%d" % number, value=b"v", headers=[])
    return builder


@pytest.mark.parametrize(("package", "pinned"), faust_private.PINNED.items())
def test_the_versions_are_the_pinned_ones(package: str, pinned: str) -> None:
    assert version(package) == pinned


@pytest.mark.parametrize(("owner", "name", "signature"), NAMES)
def test_every_name_we_call_or_replace_has_its_signature(
    owner: str, name: str, signature: str | None
) -> None:
    found = getattr(find(owner), name) if name else find(owner)
    if signature is not None:
        assert spelled(getattr(found, "fun", found)) == signature


@pytest.mark.parametrize(("owner", "name"), REPLACED)
def test_every_name_said_to_be_replaced_is_replaced_by_us(owner: str, name: str) -> None:
    assert name in vars(OURS[owner])


@pytest.mark.parametrize(("owner", "name"), READ)
def test_every_attribute_we_read_is_still_set(owner: str, name: str) -> None:
    source = inspect.getsource(importlib.import_module(find(owner).__module__))
    assert re.search(rf"(self\.|^    ){name}(: .*)?( =|$)", source, re.MULTILINE)


def test_no_private_name_is_touched_that_is_not_listed() -> None:
    listed = {name for _, name, _ in NAMES} | {name for _, name in READ}
    folder = Path(faust_private.__file__).parent
    files = [folder / f"{module}.py" for module in MODULES]
    files += Path(bounded_records.__file__).parent.glob("*.py")
    files += [Path(runner.__file__), Path(watchdog.__file__)]
    trees = [ast.parse(file.read_text()) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    ours = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    ours |= {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    touched = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
    }

    assert touched - ours - listed == {"_current_frames", "_exit"}


def test_a_producer_batch_takes_its_first_record_whatever_its_size() -> None:
    builder = BatchBuilder(100, 0, is_transactional=True)

    assert builder.append(timestamp=None, key=None, value=b"x" * 8_000_000, headers=[]) is not None
    assert builder.append(timestamp=None, key=None, value=b"x", headers=[]) is None


def test_what_is_filled_straight_into_a_batch_is_what_aiokafka_appends() -> None:
    records = [(b"k%d" % number, b"v" * number) for number in range(5)] + [
        (None, b"x"),
        (b"y", None),
    ]
    ours, theirs = (BatchBuilder(1_000_000, 0, is_transactional=True) for _ in range(2))
    with_header = [("why", b"large")]
    with mock.patch("time.time", return_value=1_700_000_000.0):
        assert faust_private.fill(ours, records, 2, with_header) == len(records)
        for key, value in records[2:]:
            assert theirs.append(timestamp=None, key=key, value=value, headers=with_header)

    assert ours.record_count() == theirs.record_count() == 5
    read = [MemoryRecords(bytes(each._build())).next_batch() for each in (ours, theirs)]
    mine, known = ([(r.offset, r.key, r.value, r.headers) for r in batch] for batch in read)
    assert mine == known


def test_a_full_batch_says_which_record_has_no_room() -> None:
    builder = BatchBuilder(200, 0, is_transactional=True)
    records = [(None, b"x" * 60)] * 4

    assert faust_private.fill(builder, records, 0, []) == 2
    assert builder.record_count() == 2
    assert faust_private.fill(builder, records, 2, []) == 2


def test_a_writer_hands_out_what_is_full_and_keeps_what_is_open() -> None:
    made: list[BatchBuilder] = []

    def create() -> BatchBuilder:
        made.append(BatchBuilder(200, 0, is_transactional=True))
        return made[-1]

    kept = writer.Writer(create)
    full = kept.append([(None, b"x" * 60)] * 5)
    full += kept.append([(None, b"y" * 500), (None, b"z")])

    assert [2, 2, 1, 1] == [builder.record_count() for builder in full]
    last = kept.take()
    assert last is not None
    assert (last, last.record_count()) == (made[-1], 1)
    assert all(builder.closed() for builder in made)
    assert kept.take() is None


def test_a_fetched_record_can_be_had_as_the_parser_made_it() -> None:
    buffer = bytes(full_record_batch(3)._build())
    records = PartitionRecords(
        TopicPartition("t", 0), MemoryRecords(buffer), [], 1, None, None, True, 1
    )
    records._consumer_record = faust_private._as_it_is

    taken = list(records)

    assert [record.offset for record in taken] == [1, 2]
    assert [(record.key, record.value, record.timestamp) for record in taken] == [
        (b"k1", b"v", 1_700_000_000_000),
        (b"k2", b"v", 1_700_000_000_000),
    ]
    assert list(taken[0].headers) == []
    assert records.next_fetch_offset == 3
