"""An honest circle in memory: the honest worker, and beside it the real step of recharge and a scripted provider."""

import asyncio
import json
from typing import Any

from faust.types import TP
from prometheus_client import CollectorRegistry

from rater.batch.recharge.batch import COMMANDS as RECHARGE_COMMANDS
from rater.batch.recharge.batch import EVENTS, RESULTS
from rater.batch.recharge.batch import TIMERS as RECHARGE_TIMERS
from rater.batch.recharge.held_payments import HeldPayments
from rater.batch.recharge.partition_state import RechargesShard
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.recharge.decider import RechargeDecider
from rater.shell.recharge.metrics import RechargeMetrics
from rater.shell.step import Stepper
from rater.wire.recharge.commands import due_command
from tests.reconcile.honest_worker import DAY_MS, HonestWorker, Transactions
from topics import catalog

PAYMENTS = catalog.PAYMENT_COMMANDS.name
HOUR_MS = 3_600_000
UNIT = 1_000_000
FUNDED = 101 * UNIT
SPENT = 2 * UNIT


class HonestCircle(HonestWorker):
    """All partitions of all topics, a charging and a recharge worker, and a provider that does as it is told."""

    def __post_init__(self) -> None:
        """Begin."""
        super().__post_init__()
        self.recharges = [RechargesShard() for _ in range(self.partitions)]
        self.captured: dict[str, str] = {}
        metrics = Metrics(CollectorRegistry())
        transactions = Transactions(self._append)
        recharging = RechargeMetrics(metrics.registry)
        decider = RechargeDecider(
            lambda partition: self.recharges[partition],
            lambda: self.rules.settings,
            recharging,
            self.partitions,
        )
        self.rechargers = Stepper(lambda: transactions, decider, metrics, Health(metrics))

    def join(self, tenant: str, **settings: Any) -> None:
        """Open an account that recharges 50 units when it falls below 100; it has a little more."""
        self.command(tenant, "open_account", currency="USD", decks=["acs"])
        self.fund(tenant, f"start-{tenant}", FUNDED)
        address = {"emails": [f"{tenant}@example.com"], "language": "fr"}
        self.command(tenant, "set_recipients", **address)
        methods = [{"reference": f"pm_{n}", "label": f"Visa {n}"} for n in (1, 2)]
        self.command(tenant, "set_payment_methods", methods=methods)
        terms = {"enabled": True, "trigger_micros": 100 * UNIT, "amount_micros": 50 * UNIT}
        self.command(tenant, "set_auto_recharge", **terms | settings)
        thresholds = [{"threshold_id": "low", "amount_micros": 60 * UNIT}]
        self.command(tenant, "set_thresholds", thresholds=thresholds)
        self.turn()

    def spend(self, tenant: str, micros: int = SPENT) -> None:
        """Take money from an account, and let everybody hear of it."""
        fields = {"amount_micros": -micros, "currency": "USD", "reason": "spent"}
        self.command(tenant, "adjust", **fields)
        self.turn()

    def turn(self, batch: int = 7) -> None:
        """Let charging and recharge take all that is there, until nothing is left."""
        before = None
        while before != dict(self.ends):
            before = dict(self.ends)
            self.work(batch)
            self.hear(batch)

    def hear(self, batch: int = 7) -> None:
        """Let recharge alone take all that is there."""
        for topic in (RESULTS, EVENTS, RECHARGE_COMMANDS, RECHARGE_TIMERS):
            for partition in range(self.partitions):
                self._with(self.rechargers, TP(topic, partition), batch)

    def _with(self, stepper: Stepper[Any], tp: TP, batch: int) -> None:
        charging, self.stepper = self.stepper, stepper
        asyncio.run(self._take(tp, batch))
        self.stepper = charging

    def last(self, tenant: str) -> dict[str, Any]:
        """Return the last payment command of a tenant."""
        values = [json.loads(record.value or b"") for _, record in self.topics[PAYMENTS]]
        found: dict[str, Any] = [
            v for v in values if v["tenant_id"] == tenant and v["type"] == "make_payment"
        ][-1]
        return found

    def result(self, command: dict[str, Any], outcome: str, **fields: Any) -> None:
        """Write a result."""
        said = {
            "outcome": outcome,
            "command_id": command["command_id"],
            "tenant_id": command["tenant_id"],
            "at_ms": self.now_ms,
            "provider": "scripted",
            "mode": "test",
        }
        self.now_ms += 50
        self.produce(RESULTS, command["tenant_id"].encode(), json.dumps(said | fields).encode())

    def capture(self, command: dict[str, Any], **changes: Any) -> None:
        """Take the money of a command, once whatever is asked, and say so."""
        terms = {name: command[name] for name in ("amount_micros", "currency")}
        payment_id = self.payment_of(command)
        paid = {"payment_id": payment_id, "livemode": False, **terms, **changes}
        self.result(command, "succeeded", **paid)

    def payment_of(self, command: dict[str, Any]) -> str:
        """Return the id of the payment that a command makes, whatever is asked."""
        return self.captured.setdefault(command["command_id"], f"pi_{len(self.captured)}")

    def moved_back(
        self, command: dict[str, Any], taken: int, given: int = 0, **changes: Any
    ) -> None:
        """Say what the provider has taken of a payment in all, and what came back of it, in units."""
        outcome = "restored" if given else "reversed"
        reversal = {
            "reversal_id": "dp_1" if given else "re_1",
            "reversal": "dispute" if given else "refund",
        }
        sums = {"reversed_micros": taken * UNIT, "restored_micros": given * UNIT}
        told = {"payment_id": self.payment_of(command), "currency": "USD", **reversal, **sums}
        self.result(command, outcome, **told | changes)

    def decline(self, command: dict[str, Any], kind: str) -> None:
        """Refuse a command."""
        self.result(command, "declined", decline_class=kind, code="card_declined")

    def wait(self, millis: int) -> None:
        """Let time pass; recharge's timer fires at its end."""
        self.now_ms += millis
        for partition, shard in enumerate(self.recharges):
            held = HeldPayments(shard, self.rules.settings)
            for key, due_ms in (*shard.due(self.now_ms), *held.due(self.now_ms)):
                self.produce(RECHARGE_TIMERS, key, due_command(key.decode(), due_ms), partition)
        self.turn()


def busy_circle(marker: int = 1) -> HonestCircle:
    """Return a circle after a day in which all went well, and all went wrong."""
    circle = HonestCircle(marker=marker)
    caps = {"tight": {"count_cap": 2}, "empty": {"count_cap": 1}}
    for tenant in ("acme", "beta", "gamma", "delta", "tight", "empty", "swift"):
        circle.join(tenant, **caps.get(tenant, {}))
        circle.now_ms += 1_000
    _succeed(circle)
    _spend_meanwhile(circle)
    _decline(circle)
    _quarantine(circle)
    _cap(circle)
    _withdraw(circle)
    return circle


def _withdraw(circle: HonestCircle) -> None:
    """Take back what is in flight, for each reason; one command comes too late, and is made anew."""
    for tenant in ("leaver", "mover", "closer", "tardy"):
        circle.join(tenant)
        circle.spend(tenant)
    circle.command("leaver", "set_auto_recharge", enabled=False)
    circle.command("mover", "set_payment_methods", methods=[{"reference": "pm_7"}])
    circle.command("closer", "close_account", reason="left")
    circle.turn()
    circle.wait(HOUR_MS // 2)
    cancelled = {"decline_class": "soft", "code": "cancelled"}
    for tenant in ("leaver", "mover"):
        circle.result(circle.last(tenant), "declined", **cancelled)
    circle.capture(circle.last("closer"))
    late = {"decline_class": "soft", "code": "expired"}
    circle.result(circle.last("tardy"), "declined", **late)
    circle.turn()
    circle.capture(circle.last("mover"))
    circle.result(circle.last("tardy"), "declined", **late)
    circle.turn()


def _succeed(circle: HonestCircle) -> None:
    """Capture at once, told twice; and late, after silence and an unknown."""
    circle.spend("acme")
    circle.capture(circle.last("acme"))
    circle.capture(circle.last("acme"))
    circle.turn()
    circle.now_ms += 1_000
    circle.spend("acme", 60 * UNIT)
    circle.wait(HOUR_MS // 2)
    circle.result(circle.last("acme"), "unknown")
    circle.turn()
    circle.wait(HOUR_MS // 2)
    circle.capture(circle.last("acme"))
    circle.turn()


def _spend_meanwhile(circle: HonestCircle) -> None:
    """Capture, and let the balance fall on before the credit arrives."""
    circle.spend("swift")
    circle.capture(circle.last("swift"))
    fields = {"amount_micros": -60 * UNIT, "currency": "USD", "reason": "spent"}
    circle.command("swift", "adjust", **fields)
    circle.hear()
    circle.turn(1)
    circle.capture(circle.last("swift"))
    circle.turn()


def _decline(circle: HonestCircle) -> None:
    """Decline softly and for good; a success comes after its decline; all methods are spent, and renewed."""
    circle.spend("beta")
    first = circle.last("beta")
    circle.decline(first, "soft")
    circle.turn()
    circle.wait(2 * HOUR_MS)
    circle.decline(circle.last("beta"), "hard")
    circle.turn()
    circle.capture(first)
    circle.turn()
    circle.capture(circle.last("beta"))
    circle.turn()
    circle.spend("delta", 110 * UNIT)
    for _ in range(2):
        circle.decline(circle.last("delta"), "hard")
        circle.turn()
    methods = [{"reference": "pm_9"}]
    circle.command("delta", "set_payment_methods", methods=methods)
    circle.turn()
    circle.capture(circle.last("delta"))
    circle.turn()


def _quarantine(circle: HonestCircle) -> None:
    """Send what must not be credited, and what cannot be read."""
    circle.spend("gamma")
    sent = circle.last("gamma")
    circle.capture(sent, amount_micros=7 * UNIT)
    circle.capture(sent, currency="EUR")
    circle.capture(sent, livemode=True)
    circle.capture({**sent, "command_id": "gamma/recharge/77/1/1"})
    circle.capture({**sent, "tenant_id": "nobody"})
    circle.turn()
    resume = {"type": "resume_recharge", "command_id": "r1", "tenant_id": "gamma"}
    circle.produce(RECHARGE_COMMANDS, b"gamma", json.dumps(resume).encode())
    circle.turn()
    circle.capture(circle.last("gamma"))
    circle.capture(circle.last("gamma"), payment_id="pi_second")
    circle.capture(circle.last("gamma"), amount_micros=9 * UNIT)
    circle.turn()
    value = next(
        record.value or b"" for _, record in circle.topics[RESULTS] if record.key == b"acme"
    )
    circle.produce(RESULTS, b"beta", value)
    circle.produce(RESULTS, b"beta", b"{not json")
    circle.produce(RESULTS, b"beta", value[:-1] + b', "outcome": "succeeded"}')
    circle.produce(RECHARGE_COMMANDS, b"beta", b"\xff")
    circle.turn()


def _cap(circle: HonestCircle) -> None:
    """Recharge until a cap holds, once with nothing left on the account, and go on the next day."""
    circle.spend("empty")
    circle.capture(circle.last("empty"))
    circle.turn()
    circle.spend("empty", 200 * UNIT)
    for _ in range(2):
        circle.now_ms += 60_000
        circle.spend("tight", 60 * UNIT)
        circle.capture(circle.last("tight"))
        circle.turn()
    circle.spend("tight", 200 * UNIT)
    circle.wait(DAY_MS + 60_000)
    circle.capture(circle.last("tight"))
    circle.turn()
