"""A record is declared once, in `topics.records`: no other class has its fields, nor a tag.

Whatever has fields is looked at: Structs, dataclasses, named tuples and the core's values. What the reconciler reads
and folds by itself is exempt by where it lies: it holds the records against that.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import msgspec

import loadtest
import rater
import topics
from rater.core.value import Value

NEAR = 0.75
"""So many of the fields that either has in common, and it is the same record under another name."""
FEW = 3
"""With fewer fields a pair is no record: a point, a key."""
EXEMPT = ("rater.reconcile.folds.", "rater.reconcile.reading.", "rater.reconcile.proofs.")
PENDING: dict[str, str] = {}
"""Modules that still have twins, and with which family they go. One that has none any more must go from here.

The settings of the core, which are compiled since each call is held against them, say their times in milliseconds: they
are no twin by this measure.
"""


class Declared(NamedTuple):
    """A class with fields, and the names of these, as they are on the wire where it says so."""

    kind: Any
    names: frozenset[str]
    tag: str | None

    @property
    def where(self) -> str:
        """Return its module and name."""
        return f"{self.kind.__module__}.{self.kind.__qualname__}"


def modules() -> Iterator[Any]:
    for package in (rater, loadtest, topics):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # What compiled modules share has no records, and interpreted nobody finds it.
            if not found.name.endswith(("__main__", "__mypyc")):
                yield importlib.import_module(found.name)


def declared(kind: type) -> Declared | None:
    """Return what a class declares; None for one without fields."""
    if issubclass(kind, msgspec.Struct):
        tag = kind.__struct_config__.tag
        named = frozenset(kind.__struct_encode_fields__)
        own_tag = tag if isinstance(tag, str) and tag != kind.__name__ else None
        return Declared(kind, named, own_tag)
    if is_dataclass(kind):
        return Declared(kind, frozenset(field.name for field in fields(kind)), None)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return Declared(kind, frozenset(kind._fields), None)
    if issubclass(kind, Value):
        return Declared(kind, frozenset(kind.__match_args__), None)
    return None


def everywhere() -> list[Declared]:
    found = {}
    for module in modules():
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                said = declared(kind)
                if said is not None and said.names:
                    found[kind] = said
    return list(found.values())


def is_published(each: Declared) -> bool:
    module: str = each.kind.__module__
    return module.startswith("topics.records.")


def same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two sets of fields are those of one record, perhaps with a field renamed, added or gone."""
    return len(one & other) >= max(FEW, NEAR * len(one | other))


def twins(candidates: list[Declared], published: list[Declared]) -> dict[str, str]:
    """Return the classes that declare a record again, by where they are, each with the record that is most like it."""
    found = {}
    for each in candidates:
        like = [
            r for r in published if same(each.names, r.names) or (each.tag and each.tag == r.tag)
        ]
        if like:
            found[each.where] = max(like, key=lambda r: len(each.names & r.names)).where
    return found


ALL = everywhere()
PUBLISHED = [each for each in ALL if is_published(each)]
OTHERS = [
    each for each in ALL if not is_published(each) and not each.kind.__module__.startswith(EXEMPT)
]


def test_no_record_is_declared_a_second_time() -> None:
    found = twins(OTHERS, PUBLISHED)

    of_nobody = {w: r for w, r in found.items() if w.rpartition(".")[0] not in PENDING}
    assert of_nobody == {}
    assert {where.rpartition(".")[0] for where in found} == set(PENDING)


def seeded(kind: type) -> dict[str, str]:
    said = declared(kind)
    assert said is not None
    return twins([said], PUBLISHED)


def test_a_twin_is_found_under_another_name_with_a_field_more_or_less_and_as_any_kind_of_class() -> (
    None
):
    class BalanceHasRunOut(msgspec.Struct):
        event_id: str
        tenant_id: str
        seq: int
        at_ms: int
        currency: str
        balance_micros: int
        cause: str
        cause_id: str
        hours_left: int | None = None
        on_hold: bool = False

    class Captured(NamedTuple):
        command_id: str
        tenant_id: str
        at_ms: int
        provider: str
        mode: str
        payment_id: str
        amount_micros: int
        currency: str

    @dataclass
    class Waiting:
        suspense_id: str
        reason: str
        detail: str
        tenant_id: str
        cdr_id: str
        version: int
        at_ms: int
        source_topic: str
        source_partition: int
        source_offset: int
        cdr: str

    for kind, record in (
        (BalanceHasRunOut, "balance.BalanceExhausted"),
        (Captured, "payments.PaymentSucceeded"),
        (Waiting, "rejects.Suspended"),
    ):
        assert list(seeded(kind).values()) == [f"topics.records.{record}"]


def test_a_tag_is_enough_to_be_a_twin() -> None:
    class Small(msgspec.Struct, tag_field="kind", tag="funds_credited"):
        one: int

    assert list(seeded(Small).values()) == ["topics.records.balance.FundsCredited"]


def test_what_shares_a_head_with_records_is_no_twin() -> None:
    class Source(NamedTuple):
        source_topic: str
        source_partition: int
        source_offset: int
        at_ms: int

    assert seeded(Source) == {}


def test_no_record_of_the_published_language_is_there_twice() -> None:
    """Kinds that a tag tells apart may say the same, and so may a kind and its base."""
    untagged = [each for each in PUBLISHED if each.kind.__struct_config__.tag is None]

    for n, each in enumerate(untagged):
        assert [o.where for o in untagged[n + 1 :] if o.names == each.names] == []
