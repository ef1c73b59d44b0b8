"""Oddities: one case for each thing that a CDR can come to, beside the traffic of a plan.

A reason that the rater gives and that has no case here fails `tests/reconcile/test_every_reason.py`. To add one: a
function below, under the name by which batch manifests count it. It returns records of which the last comes to that
outcome, and those before it are charged (`rated`). What its account or its deck needs is in `commands` and `deck`.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from loadtest.accounts import Record, encode
from loadtest.breakages import BREAKAGES, Breakage
from loadtest.expected import Expected
from topics.catalog import PARTITIONS
from topics.partitioner import partition_of

DECK_ID = "odd"
FUNDED_MICROS = 50_000_000

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_PLAIN = "+88310001234"
_TOO_DEAR = "+88320001234"
_BANDED = "+88330001234"
_DENIED = "+88340001234"
_BY_CALLER = "+88360001234"
_TRUNK_ZERO = "+3301426853"
_PRICE_MICROS = 20_000
"""Of one call to the plain number, of a minute or less."""


class Scene:
    """Accounts, a deck and the calls on them, all as of one instant."""

    def __init__(self, now_ms: int, partitions: int = PARTITIONS) -> None:
        """`now_ms` is about when the records will be written."""
        self.now_ms = now_ms
        self.partitions = partitions

    def deck(self) -> bytes:
        """Return a deck in which every kind of row is."""
        closed_h = (self.now_ms // _HOUR_MS + 12) % 24
        rows = (
            "prefix,destination,action,rate,per_seconds,start,end,origin_prefix",
            "8831,Plain,rate,0.02,60,,,",
            "8832,Too dear,rate,1000000,1,,,",
            f"8833,Open for one hour,rate,0.02,60,{closed_h:02}:00,{(closed_h + 1) % 24:02}:00,",
            "8834,Denied,deny,0,60,,,",
            "8835,Masked,rate,0.02,60,,,",
            "88351,Masked and denied,deny,0,60,,,",
            "8836,By caller,rate,0.02,60,,,",
            "8836,By caller,rate,0.01,60,,,1500",
        )
        return "\n".join(rows).encode() + b"\n"

    def commands(self) -> Iterator[Record]:
        """Yield what opens the accounts; to be accepted before the CDRs are written."""
        for tenant, currency, deck in (
            ("odd", "USD", DECK_ID),
            ("odd-euro", "EUR", DECK_ID),
            ("odd-deckless", "USD", "nobody-publishes-it"),
            ("odd-closed", "USD", DECK_ID),
        ):
            yield self.command(tenant, "open_account", currency=currency, decks=[deck])
        yield self.command("odd-bare", "open_account")
        yield self.funds("odd", "odd-1")
        yield self.command("odd-closed", "close_account")

    def funds(self, tenant: str, lot_id: str, micros: int = FUNDED_MICROS) -> Record:
        """Return the command that opens a lot, bought an hour ago."""
        terms = {"lot_id": lot_id, "amount_micros": micros, "purchased_at": self.bought()}
        return self.command(tenant, "add_funds", f"{tenant}-{lot_id}", currency="USD", **terms)

    def bought(self) -> str:
        """Return when all lots were bought."""
        return moment(self.now_ms - _HOUR_MS)

    def command(
        self, tenant: str, kind: str, command_id: str | None = None, **fields: object
    ) -> Record:
        """Return a command under its tenant's key."""
        head = {"type": kind, "command_id": command_id or f"{tenant}-{kind}", "tenant_id": tenant}
        key = tenant.encode()
        return partition_of(key, self.partitions), key, encode(head | fields)

    def call(self, cdr_id: str, to: str = _PLAIN, tenant: str = "odd", **fields: object) -> Record:
        """Return the CDR of an answered call of half a minute that ended a minute ago."""
        ended_ms = fields.pop("ended_ms", self.now_ms - 60_000)
        billsec = fields.setdefault("billsec", 30)
        assert isinstance(ended_ms, int), ended_ms
        assert isinstance(billsec, int), billsec
        cdr = {
            "cdr_id": f"odd-{self.now_ms:x}-{cdr_id}",
            "tenant_id": tenant,
            "direction": "out",
            "from": "+15005550001",
            "to": to,
            "user_id": "u1",
            "started_at": moment(ended_ms - 1_000 * billsec - 5_000),
            "answered_at": moment(ended_ms - 1_000 * billsec),
            "ended_at": moment(ended_ms),
        }
        key = tenant.encode()
        value = json.dumps(cdr | fields, separators=(",", ":")).encode()
        return partition_of(key, self.partitions), key, value

    def cdrs(self, expected: Expected) -> Iterator[Record]:
        """Yield the records of all cases, and expect what becomes of them."""
        expected.funded_micros["odd"] += FUNDED_MICROS
        for name, case in CASES.items():
            *before, last = case(self)
            for record in before:
                # An early void is a charge of nothing.
                expected.charge("odd", None if name == "voided" else _PRICE_MICROS)
                yield record
            match name:
                case "rated":
                    expected.charge("odd", _PRICE_MICROS)
                case "free":
                    expected.charge("odd", None)
                case _:
                    expected.outcomes[name] += 1
            yield last


def moment(at_ms: int) -> str:
    """Return an instant as RFC 3339, in whole seconds."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Case = Callable[[Scene], list[Record]]


def _duplicate(scene: Scene) -> list[Record]:
    return [scene.call("twice")] * 2


def _conflict(scene: Scene) -> list[Record]:
    return [scene.call("changed"), scene.call("changed", billsec=31)]


def _misrouted(scene: Scene) -> list[Record]:
    _, key, value = scene.call("stray")
    key = b"lost-" + key
    return [(partition_of(key, scene.partitions), key, value)]


def _account_closed(scene: Scene) -> list[Record]:
    """Let a call be answered after its account was closed, as far as clocks are one."""
    return [scene.call("closed", tenant="odd-closed", ended_ms=scene.now_ms + _HOUR_MS)]


def _broken(name: str, breakage: Breakage, scene: Scene) -> list[Record]:
    partition, key, value = scene.call(f"broken-{name}")
    assert value is not None
    return [(partition, key, breakage(value))]


CASES: dict[str, Case] = {
    "rated": lambda scene: [scene.call("rated")],
    "free": lambda scene: [scene.call("free", disposition="busy", billsec=0)],
    "duplicate": _duplicate,
    "superseded": lambda s: [s.call("wrong", version=2), s.call("wrong", billsec=31)],
    "voided": lambda s: [s.call("void", kind="void", version=2), s.call("void")],
    "suspended.too_old": lambda s: [s.call("old", ended_ms=s.now_ms - 30 * _DAY_MS)],
    "suspended.in_future": lambda s: [s.call("early", ended_ms=s.now_ms + 2 * _DAY_MS)],
    "suspended.conflict": _conflict,
    "suspended.misrouted": _misrouted,
    "suspended.unknown_tenant": lambda scene: [scene.call("nobody", tenant="odd-nobody")],
    "suspended.account_closed": _account_closed,
    "suspended.no_tenant_capability": lambda s: [s.call("unpaid", tenant="odd-bare")],
    "suspended.unknown_deck": lambda scene: [scene.call("deckless", tenant="odd-deckless")],
    "suspended.currency_mismatch": lambda scene: [scene.call("euro", tenant="odd-euro")],
    "suspended.contradictory": lambda s: [s.call("failed", disposition="failed")],
    "suspended.impossible_number": lambda s: [s.call("trunk-zero", _TRUNK_ZERO)],
    "suspended.short_number": lambda scene: [scene.call("short", "+30001")],
    "suspended.ambiguous_prefix": lambda scene: [scene.call("masked", "+8835****")],
    "suspended.ambiguous_origin": lambda s: [s.call("nameless", _BY_CALLER, **{"from": "Bob"})],
    "suspended.denied": lambda scene: [scene.call("denied", _DENIED)],
    "suspended.no_rate": lambda scene: [scene.call("rateless", "+99930001234")],
    "suspended.outside_bands": lambda scene: [scene.call("closed-hours", _BANDED)],
    "suspended.amount_too_large": lambda s: [s.call("dear", _TOO_DEAR, billsec=2_000)],
    **{f"dead.{name}": partial(_broken, name, way) for name, way in BREAKAGES.items()},
}
"""By outcome."""
