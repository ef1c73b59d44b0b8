"""Stories, continued: charges are rated again.

    2024-01-10T12:00:00Z acme rerate c1 job=j2

By ann, as the job `story` unless another is named. Meant is the last charge of the call.
"""

import json
from typing import Any

from rater.batch.simulate import Simulator
from topics.partitioner import partition_of

VERB = "rerate"
DAY_MS = 86_400_000


def rerating(
    simulator: Simulator, tenant: str, words: list[str], command_id: str, at_ms: int
) -> dict[str, Any]:
    """Return the fields of an order to rate a call again; one that was never charged names an entry of nobody."""
    cdr_id, *others = words
    said = dict(word.split("=") for word in others)
    number = partition_of(tenant.encode(), len(simulator.shards))
    offset, version, entry_id = 0, 1, f"{tenant}/0"
    for place, value in simulator._ledger[number].items():
        entry = json.loads(value)
        if entry["kind"] == "charge" and (entry["tenant_id"], entry["cdr_id"]) == (tenant, cdr_id):
            offset, version, entry_id = place, entry.get("version", 1), entry["entry_id"]
    return {
        "type": "rerate_call",
        "command_id": command_id,
        "tenant_id": tenant,
        "cdr_id": cdr_id,
        "version": version,
        "entry_id": entry_id,
        "offset": offset,
        "seen_ms": at_ms // DAY_MS * DAY_MS,
        "job_id": said.get("job", "story"),
        "by": "ann",
    }
