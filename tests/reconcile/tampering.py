"""Tampering: topics with one record altered, dropped or added, and the verdict on them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from rater.reconcile.difference import Difference
from rater.reconcile.folds.deck_versions import read_decks
from rater.reconcile.folds.plan_versions import read_plans
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.replays import Replays
from rater.reconcile.folds.settings_versions import read_settings
from rater.reconcile.reading.log import SHARED, Located, logs_of
from rater.reconcile.report import Report, begin, conclude, prove
from tests.reconcile.honest_worker import PARTITIONS
from tests.reconcile.user_rows import row_of, said_of
from topics.catalog import CHARGING_SETTINGS, DEAD_ENDED, RATE_DECKS, RATE_PLANS, USERS_CHANGELOG

Topics = dict[str, list[Located]]
Starts = Mapping[tuple[str, int], int]
Pick = Callable[[dict[str, Any]], bool]


def verdict_on(topics: Topics, starts: Starts | None = None, *, complete: bool = True) -> Report:
    """Reconcile topics in memory."""
    shelf = read_decks(topics.get(RATE_DECKS.name, []))
    settings = read_settings(topics.get(CHARGING_SETTINGS.name, []))
    plans = read_plans(topics.get(RATE_PLANS.name, []))
    published = Published(shelf, settings, plans)
    replays = Replays()
    replays.name(record for _, record in topics.get(DEAD_ENDED.name, []))
    verdict = begin(published, replays)
    keyed = {name: records for name, records in topics.items() if name not in SHARED}
    for log in logs_of(keyed, PARTITIONS, starts):
        prove(verdict, log, published, complete=complete)
    conclude(verdict)
    return verdict


def differences(topics: Topics) -> list[Difference]:
    """Return what the reconciler finds wrong."""
    return verdict_on(topics).differences


def place_of(topics: Topics, topic: str, pick: Pick, which: int = 0) -> int:
    """Return where the records of a topic lie for which `pick` holds; `which` of them."""
    found = [
        index
        for index, (_, record) in enumerate(topics[topic])
        if isinstance(value := _json(record.value), dict) and pick(value)
    ]
    return found[which]


def altered(
    topics: Topics, topic: str, index: int, change: Mapping[str, Any] | bytes | None
) -> Topics:
    """Return the topics with one record's fields, or its whole value, changed; `call.to` is a field inside another."""
    partition, record = topics[topic][index]
    if isinstance(change, Mapping) and topic == USERS_CHANGELOG.name:
        change = row_of({**said_of(record.value or b""), **change})
    elif isinstance(change, Mapping):
        head, newline, tail = (record.value or b"").partition(b"\n")
        value = json.loads(head)
        for name, changed in change.items():
            inside, dot, field = name.partition(".")
            value[inside] = {**value[inside], field: changed} if dot else changed
        change = json.dumps(value).encode() + newline + tail
    return replaced(topics, topic, index, [(partition, record.replaced(value=change))])


def replaced(topics: Topics, topic: str, index: int, records: list[Located]) -> Topics:
    """Return the topics with other records in the place of one: none drops it."""
    changed = list(topics[topic])
    changed[index : index + 1] = records
    return {**topics, topic: changed}


def _json(value: bytes | None) -> Any:
    try:
        return json.loads((value or b"").partition(b"\n")[0])
    except ValueError:
        return None
