"""The archive: the changelogs of a charging app with a past, written directly, as steps would have left them."""

from __future__ import annotations

import time
from itertools import cycle, islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import orjson

from loadtest.drive import publish
from rater.batch.charging.cdr_ids import id_digest
from rater.batch.charging.charge_index import make_entries
from rater.batch.charging.content import cdr_content
from rater.core.account.account import Account, Threshold
from rater.core.account.lots import CreditLot
from rater.core.limits import DAY_MS
from rater.wire.account.state import encode_account
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from topics import catalog
from topics.manifests import ID_BYTES, IdState, join_manifest
from topics.partitioner import partition_of
from topics.records import BatchManifest
from topics.records.batches import MANIFEST_LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtest.accounts import Record as Sent

IDS_PER_MANIFEST = 2_000
"""As many as a full batch remembers."""
DAYS = 7


def tenant_id(number: int) -> str:
    """Name an archived tenant."""
    return f"tenant-{number:07}"


async def archive(bootstrap: str, accounts: int, ids: int, known: bytes) -> None:
    """Write accounts, remembered ids, and the CDR of bytes `known` among them.

    Each source partition gets one record, which every account has applied.
    """
    now_ms = time.time_ns() // 1_000_000
    for topic in (catalog.CDR_RAW.name, *(t.name for t in catalog.ACCOUNT_SOURCES)):
        past = [(number, b"past", b"{}") for number in range(catalog.PARTITIONS)]
        await publish(bootstrap, topic, past, len(past))
    changes = _accounts(accounts, now_ms)
    await publish(bootstrap, catalog.ACCOUNTS_CHANGELOG.name, changes, accounts)
    manifests = _manifests(ids // IDS_PER_MANIFEST, now_ms, known)
    await publish(bootstrap, catalog.BATCHES_CHANGELOG.name, manifests, ids // IDS_PER_MANIFEST)


def _accounts(count: int, now_ms: int) -> Iterator[Sent]:
    account = Account("", "USD", "UTC", ("sample",), seq=5, cdr_offset=0, command_offset=0)
    account.request_offset = account.timer_offset = 0
    account.thresholds = [Threshold("low", 5_000_000, True), Threshold("empty", 0, True)]
    for number in range(count):
        name = account.tenant_id = tenant_id(number)
        bought_ms = now_ms - number % 300 * DAY_MS
        account.lots = [
            CreditLot(
                f"{name}-lot-{lot}",
                bought_ms,
                bought_ms + 365 * DAY_MS,
                50_000_000,
                bought_ms + 335 * DAY_MS,
            )
            for lot in (1, 2)
        ]
        account.balance = 100_000_000
        key = name.encode()
        yield partition_of(key, catalog.PARTITIONS), key, encode_account(account)


def _manifests(count: int, now_ms: int, known: bytes) -> Iterator[Sent]:
    random = np.random.default_rng(1)
    today = now_ms // DAY_MS
    key = catalog.CDR_RAW.name.encode()
    yield _partition(known), key, _manifest(_known(known, today), 0, now_ms)
    for number, partition in enumerate(islice(cycle(range(catalog.PARTITIONS)), count)):
        day = today - DAYS + DAYS * number // count
        hashes = random.integers(0, (1 << 64) - 1, (IDS_PER_MANIFEST, 2), np.uint64)
        entries = make_entries(
            hashes,
            content=random.integers(0, 1 << 32, IDS_PER_MANIFEST),
            place=np.arange(IDS_PER_MANIFEST) + number // catalog.PARTITIONS * IDS_PER_MANIFEST,
            state=IdState.CHARGED,
            day=day,
        )
        yield partition, key, _manifest(entries.tobytes(), partition, day * DAY_MS)


def _partition(known: bytes) -> int:
    tenant: str = orjson.loads(known)["tenant_id"]
    return partition_of(tenant.encode(), catalog.PARTITIONS)


def _known(value: bytes, day: int) -> bytes:
    """Pack the id of a CDR that is charged already."""
    cdr = decode_cdr(value)
    assert not isinstance(cdr, Malformed), cdr
    hashes = np.frombuffer(id_digest(cdr), "<u8").reshape(1, 2)
    content = cdr_content(cdr)
    entries = make_entries(hashes, content=content, place=0, state=IdState.CHARGED, day=day)
    return entries.tobytes()


def _manifest(ids: bytes, partition: int, at_ms: int) -> bytes:
    header = BatchManifest(
        layout=MANIFEST_LAYOUT,
        app=catalog.APP,
        source_topic=catalog.CDR_RAW.name,
        partition=partition,
        first_offset=0,
        next_offset=1,
        records=IDS_PER_MANIFEST,
        outcomes={"rated": IDS_PER_MANIFEST},
        ledger=IDS_PER_MANIFEST,
        events=0,
        ids=len(ids) // ID_BYTES,
        at_ms=at_ms,
    )
    return join_manifest(msgspec.json.encode(header), ids)
