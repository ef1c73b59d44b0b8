"""Stories, continued: the words for payments. Commands and payments are named C1, C2, ... and P1, P2, ... as they come.

2024-01-10T11:05:00Z acme paid C1
2024-01-10T11:05:00Z acme paid C1 amount=50 currency=EUR as=P7
2024-01-10T11:05:00Z acme declined C1 expired_card hard
2024-01-10T11:05:00Z acme unclear C1
2024-01-10T11:05:00Z acme reversed C1 dp_1 200      (in all so far; dp_: a dispute, re_: a refund)
2024-01-10T11:05:00Z acme restored C1 dp_1 200 150  (of 200 reversed in all, 150 came back in all)
2024-01-10T11:05:00Z acme resume_recharge
"""

from collections.abc import Callable
from typing import Any

from rater.wire.pricing.amounts import format_micros, parse_micros
from topics import catalog

RESULTS = catalog.PAYMENT_RESULTS.name
VERBS = ("paid", "declined", "unclear", "reversed", "restored")
TOPICS = (
    catalog.PAYMENT_COMMANDS.name,
    catalog.NOTIFICATIONS.name,
    catalog.PAYMENT_QUARANTINE.name,
)


class Payments:
    """The payment commands of a story, by the names that it gives them."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def result(self, tenant: str, verb: str, rest: list[str], at_ms: int) -> dict[str, Any]:
        """Return the result that a line tells."""
        plain = [word for word in rest if "=" not in word]
        extra = dict(word.split("=", 1) for word in rest if "=" in word)
        number = int(plain[0].removeprefix("C"))
        command = self.commands[number - 1] if number <= len(self.commands) else {}
        told = {
            "command_id": command.get("command_id", f"{tenant}/recharge/9/9/1"),
            "tenant_id": tenant,
            "at_ms": at_ms,
            "provider": "story",
            "mode": "test",
        }
        if verb == "declined":
            return told | {"outcome": verb, "decline_class": plain[2], "code": plain[1]}
        if verb == "unclear":
            return told | {"outcome": "unknown"}
        if verb in ("reversed", "restored"):
            return told | _moved_back(verb, plain, extra, number)
        amount = command.get("amount_micros", 1)
        return told | {
            "outcome": "succeeded",
            "payment_id": extra.get("as", f"P{number}"),
            "amount_micros": parse_micros(extra["amount"]) if "amount" in extra else amount,
            "currency": extra.get("currency", command.get("currency", "USD")),
            "livemode": extra.get("livemode") == "true",
        }

    def shown(self, topic: str, value: dict[str, Any]) -> str:
        """Show what recharge wrote."""
        if topic == catalog.NOTIFICATIONS.name:
            return f"told {value['kind']}{_DETAILS.get(value['kind'], _nothing)(value)}"
        if topic == catalog.PAYMENT_QUARANTINE.name:
            return f"quarantined {value['reason']}"
        if value["type"] == "cancel_payment":
            ids = [command["command_id"] for command in self.commands]
            return f"cancel C{ids.index(value['command_id']) + 1} {value['reason']}"
        again = value in self.commands
        if not again:
            self.commands.append(value)
        name = f"C{self.commands.index(value) + 1}"
        return f"{'again ' if again else ''}pay {name} {_money(value['amount_micros'])} by {value['method']}"


def _moved_back(verb: str, plain: list[str], extra: dict[str, str], number: int) -> dict[str, Any]:
    _, reversal_id, *sums = plain
    reversed_micros, restored_micros = (*map(parse_micros, sums), 0)[:2]
    return {
        "outcome": verb,
        "payment_id": extra.get("as", f"P{number}"),
        "reversal_id": reversal_id,
        "reversal": "dispute" if reversal_id.startswith("dp_") else "refund",
        "reversed_micros": reversed_micros,
        "restored_micros": restored_micros,
        "currency": extra.get("currency", "USD"),
    }


def _nothing(value: dict[str, Any]) -> str:
    return ""


def _money(micros: int) -> str:
    whole, _, decimals = format_micros(micros).partition(".")
    return f"{whole}.{decimals:0<2}"


_DETAILS: dict[str, Callable[[dict[str, Any]], str]] = {
    "funds_added": lambda v: f" {_money(v['amount_micros'])} = {_money(v['balance_micros'])}",
    "payment_reversed": lambda v: f" {_money(v['amount_micros'])} = {_money(v['balance_micros'])}",
    "payment_restored": lambda v: f" {_money(v['amount_micros'])} = {_money(v['balance_micros'])}",
    "recharge_failed": lambda v: f" {v['code']}",
    "recharge_paused": lambda v: (
        f" {v['reason']}" + (f" {_money(v['amount_micros'])}" if "amount_micros" in v else "")
    ),
    "recharge_capped": lambda v: f" {v['cap']}",
    "balance_low": lambda v: f" {v['threshold_id']}",
    "funds_expiring": lambda v: f" {v['lot_id']} in {v['days']} days",
    "funds_expired": lambda v: f" {v['lot_id']} {_money(v['amount_micros'])}",
    "fraud_suspected": lambda v: f" {v['limit']}",
    "credit_limit_reached": lambda v: f" {_money(v['owed_micros'])} of {v['month']}",
    "statement_ready": lambda v: f" {v['month']}",
    "pool_used": lambda v: (
        f" {v['level']} % of {v['plan_name']}" + (f" of {v['user_id']}" if "user_id" in v else "")
    ),
}
