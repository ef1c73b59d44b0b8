"""Card numbers where references to payment methods belong, from bytes.

Such a command must not become a dead letter, which would keep the number: however its methods are written, it is read,
so that the core refuses it.
"""

from typing import Any

import msgspec

from rater.core.account.cards import has_card_number
from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.records import PaymentMethod, SetPaymentMethods

_TEXT_MAX = 10_000
"""Longer texts are not looked at."""
_NAMES = ("reference", "customer", "label")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def with_card_number(value: bytes) -> SetPaymentMethods | None:
    """Return the command if all that is wrong with it is how methods are written that have a card number among them."""
    said = read_strictly(_decode, value)
    if isinstance(said, Malformed) or said.get("type") != SetPaymentMethods.type:
        return None
    methods = _methods(said.get("methods"))
    texts = [text for each in methods for text in (each.reference, each.customer, each.label)]
    if not any(has_card_number(text or "") for text in texts):
        return None
    stand_ins = [{"reference": "x"}] * len(methods)
    try:
        command = msgspec.convert({**said, "methods": stand_ins}, SetPaymentMethods)
    except msgspec.ValidationError:
        return None
    return msgspec.structs.replace(command, methods=tuple(methods))


def _methods(said: Any) -> list[PaymentMethod]:
    """Return the methods as they are written; none if one of them is not even texts or numbers."""
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        return []
    texts = [[each.get(name) for name in _NAMES] for each in said]
    if not all(ref is not None and all(map(_is_text, [ref, *more])) for ref, *more in texts):
        return []
    return [PaymentMethod(*[None if t is None else str(t) for t in each]) for each in texts]  # type: ignore[arg-type]


def _is_text(text: Any) -> bool:
    if isinstance(text, str):
        return len(text) <= _TEXT_MAX
    return text is None or type(text) is int
