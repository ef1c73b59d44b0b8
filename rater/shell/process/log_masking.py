"""Log masking: no line names a whole number or a whole address, whoever wrote it.

Of a number in E.164 with its plus the last six digits are hidden, by the rule by which ledger and suspense hide theirs
(`wire.masking`); of an e-mail address all of its local part but the first letter. Digits without a plus cannot be told
from offsets and times, and stay: our own messages say none that are numbers.
"""

import re
from collections.abc import MutableMapping
from typing import Any, Final

from rater.wire.masking import masked_text
from topics.records.charging_settings import NumberMask

HIDDEN_DIGITS: Final = 6
_MASKS: Final = (NumberMask("", HIDDEN_DIGITS),)
_LOCAL: Final = r"[\w.!#$%&'*+/=?^`{|}~-]"
_ADDRESS: Final = re.compile(rf"({_LOCAL}){_LOCAL}{{0,63}}@(?=\w)")


def masked(text: str) -> str:
    """Return a text in which numbers and addresses are hidden."""
    if "+" in text or '"' in text:
        hidden = masked_text(text.encode(errors="surrogatepass"), _MASKS)
        text = hidden.decode(errors="surrogatepass")
    return _ADDRESS.sub(r"\1***@", text) if "@" in text else text


def mask_fields(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Hide them in every field of a line; what JSON does not know is text by then."""
    for name, value in line.items():
        line[name] = _masked_value(value)
    return line


def _masked_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_masked_value(each) for each in value]
    return masked(str(value))
