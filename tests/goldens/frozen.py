"""Frozen: what the release 0.1.0 writes, made of examples and of an honest circle; and how it is read."""

from __future__ import annotations

import json
from contextlib import suppress
from enum import Enum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold
from rater.core.account.contract import Billing, BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import Past
from rater.core.account.user import User
from rater.core.account.zone_change import ZoneChange
from rater.core.recharge.machine import State
from rater.wire.account.state import decode_account, encode_account
from rater.wire.account.user_rows import decode_user, encode_user
from rater.wire.outputs import encode
from rater.wire.recharge.state import decode_recharge, encode_recharge
from tests.build import FAR, NOW, account, lot
from tests.recharge_walk import wander
from tests.recharge_world import World, low
from tests.reconcile.proofs.recharge.test_reversals import reversing_circle
from topics.catalog import (
    ACCOUNTS_CHANGELOG,
    BATCHES_CHANGELOG,
    CATALOG,
    RECHARGES_CHANGELOG,
    USERS_CHANGELOG,
)
from topics.manifests import IdState, RememberedId, join_manifest, pack_ids
from topics.records import UserTerms
from topics.schema import FOLDER as TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from topics.topic import Topic

RELEASE = "0.1.0"
FOLDER = Path(__file__).parent / RELEASE
READERS: dict[str, Callable[[bytes], object]] = {
    ACCOUNTS_CHANGELOG.name: decode_account,
    RECHARGES_CHANGELOG.name: decode_recharge,
    USERS_CHANGELOG.name: decode_user,
}
"""Of the states in a layout of our own."""
SPARE: dict[str, Any] = {
    "corrections": False,
    "entitlement_seq": 4,
    "generation": 2,
    "job_id": "job-1",
    "key_bytes": 70_000,
    "key_sha256": "0" * 64,
    "late_after_expiry": True,
    "on_hold": True,
    "organizer_id": "u-1018",
    "plan_version": 3,
    "pools": [{"pool": "2026-12/domestic/calls/FR", "used_s": 7_200}],
    "reverses": "acme/7",
    "unlicensed_calls": "waive",
    "routing_number": "+33612345678",
    "version": 2,
}
"""For fields that no example has, or none with another value than the default."""
_SEEDS = range(400)


def decode(topic: Topic, value: bytes) -> msgspec.Struct:
    """Read a record as its topic declares it: one kind takes it, fields that are not declared are refused."""
    for kind in topic.records:
        with suppress(msgspec.ValidationError):
            record: msgspec.Struct = msgspec.json.decode(value, type=kind)
            return record
    raise AssertionError(f"{topic.name}: no kind reads {value!r}")


def texts() -> dict[Path, str]:
    """Return every golden file and its text, as this version writes it."""
    files = {
        FOLDER / "records" / f"{topic.name}.jsonl": b"\n".join(_records(topic)).decode() + "\n"
        for topic in CATALOG
        if topic.records
    }
    for name, values in _states().items():
        lines = [{"value": value.hex(), "read": plain(READERS[name](value))} for value in values]
        files[FOLDER / "states" / f"{name}.jsonl"] = "".join(json.dumps(x) + "\n" for x in lines)
    files[FOLDER / "states" / f"{BATCHES_CHANGELOG.name}.hex"] = _manifest().hex() + "\n"
    return files


def records(topic: Topic) -> list[bytes]:
    """Return the golden records of a topic."""
    return (FOLDER / "records" / f"{topic.name}.jsonl").read_bytes().splitlines()


def states(name: str) -> list[tuple[bytes, Any]]:
    """Return the golden states of a table, each with what it was read as."""
    lines = (FOLDER / "states" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(bytes.fromhex(line["value"]), line["read"]) for line in map(json.loads, lines)]


def plain(value: Any) -> Any:
    """Return what a value says, for JSON: every field by its name."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return {name: plain(getattr(value, name)) for name in type(value).__match_args__}


def _records(topic: Topic) -> Iterator[bytes]:
    """Yield every example as it is written, and of each kind one with all its fields."""
    lines = (TOPICS / "examples" / f"{topic.name}.valid.jsonl").read_bytes().splitlines()
    found: dict[type, list[dict[str, Any]]] = {}
    for line in lines:
        record = decode(topic, line)
        yield encode(record)
        found.setdefault(type(record), []).append(msgspec.json.decode(encode(record)))
    known = _known()
    for kind, examples in found.items():
        names = [field.encode_name for field in msgspec.structs.fields(kind)]
        seen = {name for each in examples for name in each}
        if missing := [name for name in names if name not in seen]:
            more = {name: known[name] for name in missing}
            yield encode(msgspec.json.decode(msgspec.json.encode(examples[-1] | more), type=kind))


def _known() -> dict[str, Any]:
    """Return a value for each field that an example has, by its name."""
    values: dict[str, Any] = {}
    for path in sorted((TOPICS / "examples").glob("*.valid.jsonl")):
        for line in path.read_bytes().splitlines():
            values = {**json.loads(line), **values}
    return values | SPARE


def _states() -> dict[str, list[bytes]]:
    """Return accounts and recharges of an honest circle, and a recharge in every state of the machine."""
    topics = reversing_circle().topics
    made = {
        name: list(dict.fromkeys(r.value for _, r in topics.get(name, ()) if r.value))
        for name in READERS
    }
    made[ACCOUNTS_CHANGELOG.name].append(encode_account(_full_account()))
    made[USERS_CHANGELOG.name] += [encode_user(each) for each in _users()]
    there: dict[State, bytes] = {}
    for seed in _SEEDS:
        world = World()
        wander(world, Random(seed), 20 + seed % 60)
        there.setdefault(world.recharge.state, encode_recharge(world.recharge))
    held = low()
    held.hold()
    held.decline(held.last, hard=False)
    there.setdefault(held.recharge.state, encode_recharge(held.recharge))
    made[RECHARGES_CHANGELOG.name] += [there[state] for state in State if state in there]
    return made


def _full_account() -> Account:
    """Return an account of which everything is set."""
    return account(
        lot("G1", remaining=2_000_000, expires_ms=FAR - 2, category="promotional"),
        lot(remaining=5_000_000, expires_ms=FAR - 1),
        currency="EUR",
        time_zone="Europe/Paris",
        decks=("acs", "worldwide"),
        seq=2**40,
        debt=7_000_000,
        expired=[lot("L0", remaining=3, expires_ms=NOW)],
        thresholds=[Threshold("low", 5_000_000, True, "running low")],
        hour_thresholds=[Threshold("soon", 24, False)],
        closed_ms=NOW,
        forfeited_to_ms=NOW - 1,
        status_ms=NOW - 2,
        status_class=2,
        dirty=True,
        cdr_offset=2**40,
        command_offset=7,
        request_offset=8,
        timer_offset=9,
        calm_from=-5,
        calm_to=6,
        recharge_seq=3,
        contract=Contract(
            [Entitlement("domestic", "FR", NOW - 5, 12, 7)],
            [BillingMode(NOW - 6, True, 8, 5_000_000)],
            {"2026-12/domestic/calls/FR": 7_200},
            "waive",
            Billing(True, 5_000_000, True, NOW + 9, NOW - 4),
            {"2026-12": 5_125_000},
            zone_changes=[ZoneChange(NOW - 7, "2026-03", "Asia/Tokyo")],
        ),
        past=Past(NOW, [(NOW - 9, NOW - 5)], [(NOW - 3, ("old",))]),
        spending=Spending(
            burn=1, burn_from=2, burn_to=3, per_hour=4, hour=5, spent=6, spent_before=7,
            cost_limit=8, high_rate=HighRateWatch(9, 10, ["881"], [NOW]), held=11, tripped=12,
        ),
    )  # fmt: skip


def _users() -> tuple[User, User]:
    """Return a user who was just set, and one of whom all is kept."""
    first = UserTerms(NOW - 5, 4, "FR", "any", "any")
    last = UserTerms(NOW, 10, "US", "domestic", "same_country", ("domestic",), True, 150_000_000)
    pool = "2026-03/domestic/calls/user=ann@initech.example"
    return User("initech", "bob", (first,)), User(
        *("initech", "ann@initech.example", (first, last)),
        {"2026-02": 7_050_000, "2026-03": 150_000_000},
        {pool: 7_200},
        NOW + 9,
        2,
        True,
        4,
        {pool: (7_200, 7_200)},
    )


def _manifest() -> bytes:
    """Return a manifest that remembers an id of each state."""
    header = next(_records(BATCHES_CHANGELOG))
    ids = [
        RememberedId(bytes([state]) * 16, 2**32 - state, 2**40 - state, state, 20_000 + state)
        for state in IdState
    ]
    return join_manifest(header, pack_ids(ids))
