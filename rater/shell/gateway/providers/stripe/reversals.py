"""Stripe's refunds and disputes, as two sums of a payment that only grow. Pure: dicts in, values out.

| object | status | taken back | came back |
|---|---|---|---|
| refund | pending, succeeded | its amount | |
| refund | failed, canceled | its amount | its amount |
| refund | requires_action | nothing has moved yet | |
| dispute | needs_response, under_review, lost | its amount | |
| dispute | won | its amount | its amount |
| dispute | warning_* (an inquiry), prevented and any other | nothing has moved | |

A dispute in another currency than its payment's is told in its own: recharge puts that in quarantine, for a human.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from rater.shell.gateway.providers.provider import LateOutcome, MovedBack, Unknown
from rater.shell.gateway.providers.stripe.intents import Intent, late_outcome
from rater.shell.gateway.providers.stripe.minor_units import to_micros

EVENTS = (
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
"""After each of them all refunds and disputes of the payment are asked for anew: events come late, and in any order."""

_TAKEN = (
    "pending",
    "succeeded",
    "failed",
    "canceled",
    "needs_response",
    "under_review",
    "lost",
    "won",
)
_RETURNED = ("failed", "canceled", "won")

Moved = Mapping[str, Any]
"""A refund or a dispute."""


class _Piece(NamedTuple):
    moved: Moved
    kind: Literal["refund", "dispute"]
    currency: str
    taken_micros: int
    returned_micros: int


def moved_back(
    intent: Intent, refunds: Iterable[Moved], disputes: Iterable[Moved]
) -> LateOutcome | None:
    """Return what all refunds and disputes of a payment come to; None where nothing moved, or it is not ours."""
    pieces = [_piece(each, "refund") for each in refunds]
    pieces += [_piece(each, "dispute") for each in disputes]
    pieces = [piece for piece in pieces if piece.taken_micros]
    if not pieces or late_outcome(intent, Unknown("")) is None:
        return None
    own = str(intent["currency"]).upper()
    foreign = [piece for piece in pieces if piece.currency != own]
    counted = foreign or pieces
    last = max(counted, key=lambda piece: (int(piece.moved.get("created") or 0), piece.kind))
    taken = sum(piece.taken_micros for piece in counted)
    returned = sum(piece.returned_micros for piece in counted)
    outcome = MovedBack(
        payment_id=str(intent["id"]),
        reversal_id=str(last.moved["id"]),
        reversal=last.kind,
        reversed_micros=taken,
        restored_micros=returned,
        currency=last.currency,
        is_restored=bool(last.returned_micros),
    )
    return late_outcome(intent, outcome)


def intent_id_of(moved: Moved) -> str | None:
    """Return the payment of a charge, a refund or a dispute; None where there is none."""
    intent = moved.get("payment_intent")
    if isinstance(intent, Mapping):
        intent = intent.get("id")
    return str(intent) if intent else None


def _piece(moved: Moved, kind: Literal["refund", "dispute"]) -> _Piece:
    currency, status = str(moved["currency"]).upper(), moved.get("status")
    micros = to_micros(int(moved["amount"]), currency)
    taken = micros if status in _TAKEN else 0
    return _Piece(moved, kind, currency, taken, taken if status in _RETURNED else 0)
