"""Stories, continued: calls in suspense are asked for.

    2024-01-10T12:00:00Z acme release c1 version=2
    2024-01-10T12:00:00Z acme drop c1

By ann, as the job `story`. Named is what waits under the id; with `version=` that version, which need not wait. With
`seen=2024-01-10T11:00:00Z` it is an operator's word: up to then the ledger was read, and has nothing of the call.
"""

from datetime import datetime
from typing import Any

from rater.batch.charging.open_suspense import read_open
from rater.batch.simulate import Simulator
from rater.core.times import to_millis
from topics.keys import suspense_key
from topics.partitioner import partition_of

VERBS = ("release", "drop")


def recycling(
    simulator: Simulator, tenant: str, verb: str, words: list[str], command_id: str
) -> dict[str, Any]:
    """Return the fields of an order on a call that waits; where none does, it names a record that does not."""
    cdr_id, *others = words
    number = partition_of(tenant.encode(), len(simulator.shards))
    value = simulator.shards[number].suspense.get(suspense_key(tenant, cdr_id))
    row = None if value is None else read_open(value)
    version = 1 if row is None else row.version
    said = dict(word.split("=") for word in others)
    version = int(said.get("version", version))
    seen = {"seen_ms": to_millis(datetime.fromisoformat(said["seen"]))} if "seen" in said else {}
    place = 0 if row is None else row.source_offset
    return {
        "type": f"{verb}_call",
        "command_id": command_id,
        "tenant_id": tenant,
        "cdr_id": cdr_id,
        "version": version,
        "suspense_id": f"cdr.raw.v1/{number}/{place}",
        "job_id": "story",
        "by": "ann",
        **seen,
    }
