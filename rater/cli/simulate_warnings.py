"""What `rater simulate` warns of on standard error: what a worker passes over in silence, or only logs."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import orjson

from rater.batch.simulate import Simulator
from rater.core.account.plan_warnings import unknown_plans, unlicensed_plans
from rater.shell.admin.given_plans import GIVING, warning_of
from rater.shell.admin.strays import PASSED_OVER, StrayCheck
from rater.wire.account.state import decode_account
from rater.wire.demands import unknown_field
from rater.wire.lines import Line
from topics.catalog import BY_NAME, LEDGER
from topics.records import UserSet

READ: Final = ("topic", "key", "value", "value_b64", "timestamp", "partition")
"""Names of a line that are read."""
_PASSED: Final = frozenset((*READ, "offset"))
"""`rater topics read` writes the offset."""
_GIVING: Final = tuple(kind.encode() for kind in GIVING)


class Warnings:
    """Warnings of one run: an unknown field is told once, of the first line that has it."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        """Take what shows a sentence."""
        self._tell = tell
        self._checks: dict[str, StrayCheck] = {}
        self._told: set[str] = set()

    def of_line(self, names: Iterable[str], where: str) -> None:
        """Warn of names that a line has beside those that are read."""
        for name in sorted(set(names) - _PASSED - self._told):
            self._told.add(name)
            self._tell(f"warning: {where}: {name}: {unknown_field(name, READ)}; it is not read")

    def of_value(self, topic: str, value: bytes | None, where: str) -> None:
        """Warn of fields of a record that workers pass over."""
        try:
            record = orjson.loads(value or b"null")
        except orjson.JSONDecodeError:
            return
        if topic not in self._checks:
            self._checks[topic] = StrayCheck(BY_NAME[topic])
        for stray in self._checks[topic].new_strays(record):
            self._tell(f"warning: {where}: {stray._replace(value=None)}; {PASSED_OVER}")

    def of_entry(self, written: Line, simulator: Simulator) -> None:
        """Warn of plans that a ledger entry gives and that pay nothing yet, for want of a catalog or a licence."""
        value = written.value or b""
        if written.topic != LEDGER.name or not any(kind in value for kind in _GIVING):
            return
        entry = orjson.loads(value)
        if entry.get("kind") not in GIVING:
            return
        plans, command = simulator.rules.plans, f"(command {entry['command_id']})"
        if (said := warning_of(entry, plans)) is not None:
            self._tell(f"warning: {entry['tenant_id']}: {said} {command}")
        if entry["kind"] != UserSet.kind:
            return
        stored = simulator.shards[written.partition].accounts.get(entry["tenant_id"].encode())
        contract = None if stored is None else decode_account(stored).contract
        user = msgspec.convert(entry, UserSet)
        unknown = unknown_plans(user.plan_ids, user.valid_from_ms, plans)
        for plan_id in sorted(set(unlicensed_plans(user, contract)).difference(unknown)):
            self._tell(
                f"warning: {user.tenant_id}: no licence of {plan_id} in {user.usage_country}, "
                f"where user {user.user_id} has it {command}"
            )
