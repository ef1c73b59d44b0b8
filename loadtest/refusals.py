"""Refusals: one case for each reason for which an account command is refused, on the accounts of `oddities`.

A reason without a case fails `tests/reconcile/test_every_reason.py`. To add one: a function under the reason's name
that returns commands, of which the last is refused for it and those before it are accepted.
"""

from collections.abc import Callable, Iterator

from loadtest.accounts import Record
from loadtest.drive import topic_of
from loadtest.oddities import FUNDED_MICROS, Scene, moment
from topics.catalog import ACCOUNT_REQUESTS
from topics.partitioner import partition_of

ACCEPTED = "accepted"
_BALANCE_MAX_MICROS = 10**15
_DAY_MS = 86_400_000


def refusals(scene: Scene) -> Iterator[tuple[str, str, Record]]:
    """Yield the commands of all cases: the reason for which it is refused, or ACCEPTED, its topic, and itself."""
    for reason, case in REFUSALS.items():
        *before, last = case(scene)
        yield from ((ACCEPTED, topic_of(record), record) for record in before)
        yield reason, ACCOUNT_REQUESTS.name if reason == "wrong_topic" else topic_of(last), last


Case = Callable[[Scene], list[Record]]


def _odd(kind: str, name: str, **fields: object) -> Case:
    """Return the case of one command to the account that is open and funded."""
    return lambda scene: [scene.command("odd", kind, f"refused-{name}", **fields)]


def _thresholds(name: str, *thresholds: dict[str, str | int]) -> Case:
    return _odd("set_thresholds", name, thresholds=list(thresholds))


def _misrouted(scene: Scene) -> list[Record]:
    _, key, value = scene.command("odd", "close_account", "refused-misrouted")
    key = b"lost-" + key
    return [(partition_of(key, scene.partitions), key, value)]


def _reused(scene: Scene) -> list[Record]:
    reasons = ("it was us", "it was not us")
    return [scene.command("odd", "resume_recharge", "reused", reason=why) for why in reasons]


def _lot_exists(scene: Scene) -> list[Record]:
    *_, again = _odd("add_funds", "lot", **_money(scene, "odd-1"))(scene)
    return [again]


def _adjusted_before(scene: Scene) -> list[Record]:
    """Let a lot have the name of an adjustment that comes later; a third command evens the balance out."""
    micros = 1_000_000
    way = {"currency": "USD", "reason": "a mistake"}
    return [
        scene.funds("odd", "adjust:named", micros),
        scene.command("odd", "adjust", "evens-out", amount_micros=-micros, **way),
        scene.command("odd", "adjust", "named", amount_micros=micros, **way),
    ]


def _given(scene: Scene) -> list[Record]:
    """Ask for promotional credit back after it was used up."""
    micros, lot = 1_000_000, "odd-given"
    given = {**_money(scene, lot, amount_micros=micros), "category": "promotional"}
    back = {"payment_id": lot, "amount_micros": micros, "reversed_micros": micros}
    why = {"currency": "USD", "reversal_id": "re_1", "reversal": "refund"}
    return [
        scene.command("odd", "add_funds", "given", **given),
        scene.command(
            *("odd", "adjust", "uses-up"), amount_micros=-micros, currency="USD", reason="used"
        ),
        scene.command("odd", "reverse_payment", "refused-given", **back, **why),
    ]


def _expired(scene: Scene) -> list[Record]:
    bought = moment(scene.now_ms - 400 * _DAY_MS)
    return _odd("add_funds", "old", **_money(scene, "odd-5", purchased_at=bought))(scene)


def _money(scene: Scene, lot_id: str, **other: object) -> dict[str, object]:
    lot = {"lot_id": lot_id, "amount_micros": FUNDED_MICROS, "currency": "USD"}
    return {**lot, "purchased_at": scene.bought(), **other}


REFUSALS: dict[str, Case] = {
    "misrouted": _misrouted,
    "wrong_topic": lambda scene: [scene.funds("odd", "odd-asked")],
    "unknown_tenant": lambda scene: [scene.command("odd-nobody", "close_account")],
    "account_exists": _odd("open_account", "open", currency="USD", decks=["odd"]),
    "account_closed": lambda scene: [scene.funds("odd-closed", "odd-2")],
    "account_open": _odd("reopen_account", "reopen"),
    "command_id_reused": _reused,
    "role_not_allowed": _odd("resume_recharge", "role", actor="eve", actor_role="helpdesk"),
    "no_credits": lambda scene: [scene.funds("odd-bare", "odd-6")],
    "credits_open": _odd("open_credits", "credits", currency="USD", decks=["odd"]),
    "currency_mismatch": lambda s: _odd("add_funds", "euro", **_money(s, "odd-3", currency="EUR"))(
        s
    ),
    "lot_exists": _lot_exists,
    "reserved_lot": lambda scene: [scene.funds("odd", "returned:odd/2", 1_000_000)],
    "adjustment_repeated": _adjusted_before,
    "not_refundable": _given,
    "purchase_expired": _expired,
    "duplicate_threshold": _thresholds(
        "twice", *[{"threshold_id": "t", "hours": h} for h in (1, 2)]
    ),
    "reserved_threshold": _thresholds(
        "reserved", {"threshold_id": "auto_recharge", "amount_micros": 1}
    ),
    "invalid_setting": _thresholds("empty", {"threshold_id": "t"}),
    "card_number": _odd("set_payment_methods", "card", methods=[{"reference": "4242424242424242"}]),
    "zero_amount": _odd("adjust", "zero", amount_micros=0, currency="USD", reason="none"),
    "not_due": _odd("carry_forward", "month", due_ms=0),
    "not_waiting": _odd(
        *("release_call", "release"),
        cdr_id="nobody-sent-it",
        version=1,
        suspense_id="cdr.raw.v1/0/0",
        by="odd",
        job_id="odd",
    ),
    "not_standing": _odd(
        *("rerate_call", "rerate"),
        cdr_id="nobody-sent-it",
        version=1,
        entry_id="odd/999",
        offset=0,
        seen_ms=0,
        by="odd",
        job_id="odd",
    ),
    "amount_too_large": lambda s: _odd(
        "add_funds", "huge", **_money(s, "odd-4", amount_micros=_BALANCE_MAX_MICROS)
    )(s),
}
"""By reason. Tests of their own: `too_many_lots` and `too_many_lot_ids` take thousands of commands, `too_many_changes`
hours between them, `recharge_repeated` a payment, `reversal_repeated` days, `still_waits` a call that came before, and
`not_priced` one that was charged by a deck that is no more."""
