"""The private names of Faust and aiokafka that the shell touches, all of them (D13).

Both are pinned exactly. `CALLED` are read or called through the functions below, `OVERRIDDEN` are
replaced by the classes named beside them; tests/shell/stream/test_faust_contract.py compares each with
what is written here, so that an upgrade fails there and not in production.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
    from faust.types import TP

    from rater.shell.stream.batches import SourceRecord

    T = TypeVar("T")

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}

CALLED: dict[str, dict[str, str | None]] = {
    "faust.app:App": {
        "_fetcher": None,
        "on_rebalance_end": "(self)",
    },
    "faust.tables.manager:TableManager": {
        "_update_channels": "(self)",
        "on_actives_ready": "(self)",
        "on_standbys_ready": "(self)",
    },
    "faust.tables.base:Collection": {"call_recover_callbacks": "(self)"},
    "faust.transport.consumer:Consumer": {
        "_is_changelog_tp": "(self, tp)",
        "_wait_for_ack": "(self, timeout)",
        "_clean_unacked_messages": "(self)",
    },
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread": {
        "_ensure_consumer": "(self)",
    },
    "faust.transport.drivers.aiokafka:Producer": {"_settings_default": "(self)"},
    "faust.transport.drivers.aiokafka:server_list": {"": "(urls, default_port)"},
    "aiokafka.consumer.fetcher:Fetcher": {
        "fetched_records": "(self, partitions, timeout=0, max_records=None)",
        "_create_fetch_waiter": "(self)",
        "_notify": "(self, future)",
    },
    "aiokafka.consumer.fetcher:PartitionRecords": {
        "_consumer_record": "(self, tp, record)",
        "_unpack_records": "(self)",
    },
    **{
        f"aiokafka.codec:{codec}_decode": {"": "(payload)"}
        for codec in ("gzip", "snappy", "lz4", "zstd")
    },
    **{
        f"aiokafka.record.{module}:{codec}_decode": {"": "(payload)"}
        for module in ("default_records", "_crecords.default_records")
        for codec in ("gzip", "snappy", "lz4", "zstd")
    },
    **{
        f"aiokafka.record.{module}:{codec}_decode": {"": "(payload)"}
        for module in ("legacy_records", "_crecords.legacy_records")
        for codec in ("gzip", "snappy", "lz4")
    },
    "aiokafka.consumer.subscription_state:SubscriptionState": {
        "reassignment_in_progress": None,
        "fetch_context": "(self)",
    },
    "aiokafka.admin.client:AIOKafkaAdminClient": {"_send_request": "(self, request, node_id=None)"},
    "aiokafka.consumer.group_coordinator:GroupCoordinator": {"_maybe_leave_group": "(self)"},
    "aiokafka.producer.transaction_manager:TransactionManager": {
        "wait_for_transaction_end": "(self)",
        "is_in_transaction": "(self)",
        "maybe_add_partition_to_txn": "(self, tp)",
    },
}

OVERRIDDEN: dict[str, dict[str, str | None]] = {
    "aiokafka.consumer.fetcher:PartitionRecords": {"__next__": "(self)"},
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread": {
        "_create_worker_consumer": "(self, transport)",
        "on_partitions_assigned": "(self, assigned, generation_id=0)",
        "close": "(self)",
    },
    "faust.transport.drivers.aiokafka:Consumer": {
        "_new_consumer_thread": "(self)",
        "_to_message": "(self, tp, record)",
        "verify_event_path": "(self, now, tp)",
        "subscribe": "(self, topics)",
        "getmany": "(self, timeout)",
        "perform_seek": "(self)",
        "stop_flow": "(self)",
        "pause_partitions": "(self, tps)",
        "resume_partitions": "(self, tps)",
        "on_buffer_drop": "(self, tp)",
        "on_partitions_revoked": "(self, revoked)",
        "on_partitions_assigned": "(self, assigned, generation_id=0)",
        "wait_empty": "(self)",
        "commit": "(self, topics=None, start_new_transaction=True)",
        "_add_gap": "(self, tp, offset_from, offset_to)",
    },
    "faust.transport.consumer:TransactionManager": {
        "flush": "(self)",
        "on_partitions_revoked": "(self, revoked)",
        "on_rebalance": "(self, assigned, revoked, newly_assigned)",
        "commit": "(self, offsets, start_new_transaction=True)",
        "send": "(self, topic, key, value, partition, timestamp, headers, *,"
        " transactional_id=None)",
    },
    "faust.transport.conductor:Conductor": {"_flag_changes": "(self)"},
    "faust.tables.manager:TableManager": {"recovery": None, "on_start": "(self)"},
    "faust.tables.recovery:Recovery": {
        "on_partitions_revoked": "(self, revoked)",
        "on_rebalance": "(self, assigned, revoked, newly_assigned, generation_id=0)",
    },
}

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "faust.transport.consumer:Consumer": (
        "_active_partitions",
        "_buffered_partitions",
        "_read_offset",
        "_acked",
        "_acked_index",
        "_unacked_messages",
    ),
    "faust.transport.consumer:ThreadDelegateConsumer": ("_thread",),
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread": ("_consumer",),
    "faust.transport.conductor:Conductor": ("_subscription_changed",),
    "faust.tables.manager:TableManager": ("_recovery",),
    "aiokafka:AIOKafkaConsumer": (
        "_client",
        "_fetcher",
        "_coordinator",
        "_subscription",
        "_closed",
        "_fetch_max_wait_ms",
        "_fetch_max_bytes",
    ),
    "aiokafka.consumer.group_coordinator:GroupCoordinator": ("_pending_exception",),
    "aiokafka.consumer.fetcher:Fetcher": (
        *("_fetch_waiters", "_pending_tasks", "_closed", "_records", "_fetch_max_wait_ms"),
    ),
    "aiokafka.consumer.fetcher:FetchResult": ("_partition_records",),
    "aiokafka.consumer.fetcher:PartitionRecords": ("_records_iterator", "_tp", "next_fetch_offset"),
    "aiokafka:AIOKafkaProducer": ("_txn_manager",),
    "aiokafka.producer.message_accumulator:BatchBuilder": ("_builder", "_relative_offset"),
}


def set_fetch_limits(consumer: AIOKafkaConsumer, *, wait_ms: int, max_bytes: int) -> None:
    """Set what Faust hard-codes (1,500 ms) or leaves alone, before the consumer is started.

    A fetch in flight holds back every partition that is not part of it for as long as it waits.
    """
    consumer._fetch_max_wait_ms = wait_ms  # noqa: SLF001
    consumer._fetch_max_bytes = max_bytes  # noqa: SLF001


def set_fetch_wait(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
    """Set how long the next fetches of a started consumer wait for records."""
    consumer._fetcher._fetch_max_wait_ms = wait_ms  # noqa: SLF001


def may_fetch(consumer: AIOKafkaConsumer) -> bool:
    """Tell whether records of the current assignment can be taken right now."""
    subscription = consumer._subscription  # noqa: SLF001
    return not (
        consumer._closed  # noqa: SLF001
        or consumer._fetcher._closed  # noqa: SLF001
        or subscription.reassignment_in_progress
    )


def coordination_error(consumer: AIOKafkaConsumer | None) -> BaseException | None:
    """Return what the coordinator has met and keeps for whoever asks for records; None: nothing, or not started."""
    if consumer is None or consumer._coordinator is None:  # noqa: SLF001
        return None
    return cast("BaseException | None", consumer._coordinator._pending_exception)  # noqa: SLF001


def position_of(consumer: AIOKafkaConsumer, tp: TP) -> int | None:
    """Return the offset of the next record to take; None while it is not known or not ours."""
    subscription = consumer._subscription.subscription  # noqa: SLF001
    if subscription is None or subscription.assignment is None:
        return None
    state = subscription.assignment.state_value(tp)
    return cast("int", state.position) if state is not None and state.has_valid_position else None


def end_of(consumer: AIOKafkaConsumer, tp: TP) -> int | None:
    """Return the last stable offset of the latest fetch; None when there was none yet."""
    subscription = consumer._subscription.subscription  # noqa: SLF001
    if subscription is None or subscription.assignment is None:
        return None
    state = subscription.assignment.state_value(tp)
    return None if state is None else cast("int | None", state.lso)


def fetching(consumer: AIOKafkaConsumer) -> AbstractContextManager[None]:
    """Count as a member that polls; one that does not for long has to leave the group."""
    return cast(
        "AbstractContextManager[None]",
        consumer._subscription.fetch_context(),  # noqa: SLF001
    )


async def take_fetched(consumer: AIOKafkaConsumer, tp: TP, limit: int) -> list[SourceRecord]:
    """Take at most `limit` records that have been fetched already; never waits."""
    fetcher = consumer._fetcher  # noqa: SLF001
    keep_records_plain(consumer, tp)
    taken = await fetcher.fetched_records({tp}, timeout=0, max_records=limit)
    return cast("list[SourceRecord]", taken.get(tp, []))


def keep_records_plain(consumer: AIOKafkaConsumer, *tps: TopicPartition) -> None:
    """Let what has been fetched and not taken yet come as the parser made it.

    aiokafka copies every record into a dataclass: half of what reading a record costs.
    """
    fetched = consumer._fetcher._records  # noqa: SLF001
    for tp in tps:
        records = getattr(fetched.get(tp), "_partition_records", None)
        if records is not None:
            records._consumer_record = _as_it_is  # noqa: SLF001


def _as_it_is(_tp: TopicPartition, record: T) -> T:
    return record


def fetch_waiter(consumer: AIOKafkaConsumer) -> asyncio.Future[None]:
    """Return a future that is done when records have come in or somebody calls wake_fetch."""
    return cast("asyncio.Future[None]", consumer._fetcher._create_fetch_waiter())  # noqa: SLF001


def wake_fetch(consumer: AIOKafkaConsumer) -> None:
    """Wake whoever waits for records, in the thread of the consumer's loop."""
    fetcher = consumer._fetcher  # noqa: SLF001
    for waiter in list(fetcher._fetch_waiters):  # noqa: SLF001
        fetcher._notify(waiter)  # noqa: SLF001


async def leave_group(consumer: AIOKafkaConsumer) -> None:
    """Tell the group that this member is gone, without stopping anything else."""
    await consumer._coordinator._maybe_leave_group()  # noqa: SLF001


def end_of_transaction(producer: AIOKafkaProducer) -> asyncio.Future[None]:
    """Return the future that aiokafka fails when the open transaction fails."""
    return cast(
        "asyncio.Future[None]",
        producer._txn_manager.wait_for_transaction_end(),  # noqa: SLF001
    )


def enlist(producer: AIOKafkaProducer, tp: TopicPartition) -> None:
    """Add a partition to the open transaction before anything is sent to it."""
    producer._txn_manager.maybe_add_partition_to_txn(tp)  # noqa: SLF001


def in_transaction(producer: AIOKafkaProducer) -> bool:
    """Tell whether a transaction has begun and neither commit nor abort has been asked for."""
    return bool(producer._txn_manager.is_in_transaction())  # noqa: SLF001


def fill(
    builder: Any,
    records: Sequence[tuple[bytes | None, bytes | None]],
    first: int,
    headers: list[tuple[str, bytes]],
) -> int:
    """Append records from `first` on to a batch; return the index of the one that has no room, or their number.

    Straight into the compiled builder: aiokafka's wrapper costs more than the appending.
    """
    append = builder._builder.append  # noqa: SLF001
    began = builder._relative_offset - first  # noqa: SLF001
    index = first
    for index in range(first, len(records)):
        key, value = records[index]
        if append(began + index, None, key, value, headers) is None:
            break
    else:
        index = len(records)
    builder._relative_offset = began + index  # noqa: SLF001
    return index


def active_partitions(consumer: Any) -> tuple[tuple[TP, ...], tuple[TP, ...]]:
    """Copy the partitions that may be read now, and those whose agents have not caught up; safe in any thread."""
    return tuple(consumer._active_partitions), tuple(consumer._buffered_partitions)  # noqa: SLF001
