"""The Faust settings that handle money: what is set, and why it differs from Faust's default."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from rater.kafka.bounded_records import RECORDS_PER_BATCH
from rater.shell.stream.batches import batch_scheduler
from rater.shell.stream.faust_broker import faust_options
from rater.shell.stream.recovery import StateTableManager
from rater.shell.stream.tables import StateTable
from rater.shell.stream.transport import register
from rater.shell.stream.turns import PARTITIONS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rater.kafka.broker import Broker

SESSION_TIMEOUT_S = 10.0
HEARTBEAT_S = 0.5
"""How late a worker may learn of a rebalance, while those who know stand still."""
REQUEST_TIMEOUT_S = 30.0
REBALANCE_TIMEOUT_S = 30.0
FETCH_BYTES = 4 * 1024 * 1024
BATCH_BYTES = 1_000_000
"""Below the 1,048,588 bytes that a broker and a topic accept by default."""
REQUEST_BYTES = 16 * 1024 * 1024
BUFFERED_BATCHES = 1
"""Per partition, between the consumer and its step: with 1 Faust takes nothing of a partition until its agent asks for
the next batch. What comes meanwhile is gathered into one; as four small ones it would take four transactions."""


def faust_settings(  # noqa: PLR0913
    broker: Broker,
    *,
    first_topics: Sequence[str] = (),
    records_per_batch: int = RECORDS_PER_BATCH,
    partitions_at_once: int = PARTITIONS_AT_ONCE,
    session_timeout_s: float = SESSION_TIMEOUT_S,
    partitions: int = 8,
) -> dict[str, Any]:
    """Return the keyword arguments of faust.App besides its id.

    `first_topics` go before all others of what has been fetched; `session_timeout_s` is how long
    the group waits for a worker that has died.
    """
    register()
    return {
        **faust_options(broker),
        "processing_guarantee": "exactly_once",
        "store": "memory://",
        # Faust makes a folder for tables in any case; ours are in memory, and it stays empty.
        "datadir": str(Path(gettempdir()) / "rater-faust"),
        "ConsumerScheduler": batch_scheduler(first_topics, records_per_batch, partitions_at_once),
        "Table": StateTable,
        "TableManager": StateTableManager,
        "table_standby_replicas": 0,
        # Faust restarts a failed agent, and has acknowledged the batch that it failed on.
        "agent_supervisor": "mode:CrashingSupervisor",
        # Topics are made by `rater topics create`, with their own settings.
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": partitions,
        "stream_buffer_maxsize": BUFFERED_BATCHES,
        "stream_wait_empty": True,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": FETCH_BYTES,
        "broker_session_timeout": session_timeout_s,
        "broker_heartbeat_interval": min(HEARTBEAT_S, session_timeout_s / 3),
        "broker_rebalance_timeout": REBALANCE_TIMEOUT_S,
        "broker_request_timeout": max(REQUEST_TIMEOUT_S, session_timeout_s * 2),
        "producer_request_timeout": REQUEST_TIMEOUT_S,
        "producer_max_batch_size": BATCH_BYTES,
        "producer_max_request_size": REQUEST_BYTES,
        "web_enabled": False,
        "web_tables_enabled": False,
        "worker_redirect_stdouts": False,
    }
