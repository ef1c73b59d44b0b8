"""Masking: the tails of personal numbers, hidden in what is written of a call (R29).

Rule 1: the charging settings in force at the record's time say how many digits, by the beginning of the number, which
        names its country; the longest beginning holds, the empty one is all others. Without rows nothing is hidden.
Rule 2: a whole number in E.164 is masked. Of a caller in any other form every seven digits or more are, also with
        blanks and the like between them; where no plus says the country, as all others. Short numbers are nobody's.
Rule 3: of what is charged as many digits stay as its price needs: the masked call has the price that the call had, so
        that an entry can be rated again without the numbers. The matched prefix stays with that.
"""

import re
from collections.abc import Callable, Sequence

from rater.core.cdr import Cdr
from rater.core.limits import E164_DIGITS_MAX, E164_DIGITS_MIN
from topics.records.charging_settings import NumberMask

_BETWEEN = " .()/-"
_NUMBER = re.compile(rf"\+?[0-9](?:[ .()/-]?[0-9*]){{{E164_DIGITS_MIN - 1},}}")
"""Seven digits or more, as people write them, too."""
_ALL_OTHERS = ""
ABOUT_NUMBERS = ("to:", "from:", "routing_number:")
"""How a sentence begins that is about a number of a call."""

Masks = Sequence[NumberMask]


def hidden_digits(masks: Masks, number: str) -> int:
    """Return how many digits of a number are hidden."""
    rows = [mask for mask in masks if number.startswith(mask.prefix)]
    return max(rows, key=lambda mask: len(mask.prefix)).digits if rows else 0


def hide(number: str, masks: Masks, shown: int = 0) -> str:
    """Return a number with its tail hidden, `shown` digits fewer than asked for; as it is where it is not E.164."""
    known = number.rstrip("*")
    is_whole = E164_DIGITS_MIN < len(number) <= E164_DIGITS_MAX + 1
    if known[:1] != "+" or not is_whole or not known[1:].isdecimal() or not known.isascii():
        return number
    hidden = hidden_digits(masks, number) - shown
    if hidden <= len(number) - len(known):
        return number
    return number[:-hidden] + "*" * hidden


def hide_caller(caller: str, masks: Masks, shown: int = 0) -> str:
    """Return what a platform says of a caller, with the tails of numbers in it hidden."""
    if not masks:
        return caller
    return _NUMBER.sub(lambda found: _hide_digits(found[0], masks, shown), caller)


def hide_in_detail(detail: str, masks: Masks) -> str:
    """Return a sentence on why a call has no price, with the tails of the numbers hidden that it is about."""
    if not masks or not detail.startswith(ABOUT_NUMBERS):
        return detail
    return " ".join([hide_caller(word, masks) for word in detail.split(" ")])


def _hide_digits(text: str, masks: Masks, shown: int) -> str:
    """Return a number in any form with its last digits hidden, whatever stands between them; stars are hidden ones."""
    number = "".join([each for each in text if each not in _BETWEEN])
    left = hidden_digits(masks, number if number[:1] == "+" else _ALL_OTHERS) - shown
    told = []
    for each in reversed(text):
        is_hidden = left > 0 and (each == "*" or each.isdecimal())
        told.append("*" if is_hidden else each)
        left -= is_hidden
    return "".join(reversed(told))


def masked_cdr(cdr: Cdr, masks: Masks, is_priced_alike: Callable[[Cdr], bool]) -> Cdr:
    """Return a CDR with as many digits hidden as leave its price as it is, which the caller can tell."""
    most = max([mask.digits for mask in masks], default=0)
    for shown in range(most):
        masked = _hidden(cdr, masks, shown)
        if is_priced_alike(masked):
            return masked
    return cdr


def hidden_cdr(cdr: Cdr, masks: Masks) -> Cdr:
    """Return a CDR with all digits hidden that the settings name: of a call that no deck prices."""
    return _hidden(cdr, masks) if masks else cdr


def _hidden(cdr: Cdr, masks: Masks, shown: int = 0) -> Cdr:
    """Return a CDR with the tails of its numbers hidden, `shown` digits fewer than asked for."""
    return Cdr(
        cdr.tenant_id,
        cdr.cdr_id,
        cdr.version,
        cdr.kind,
        cdr.direction,
        hide(cdr.to, masks, shown),
        None if cdr.from_ is None else hide_caller(cdr.from_, masks, shown),
        cdr.call_type,
        cdr.service_number_type,
        cdr.usage_country,
        cdr.disposition,
        cdr.answered_ms,
        cdr.ended_ms,
        cdr.billsec,
        cdr.is_answer_named,
        cdr.started_ms,
        cdr.user_id,
        cdr.organizer_id,
        None if cdr.dialled is None else hide(cdr.dialled, masks, shown),
    )
