"""Masking of texts: numbers in what is kept of a record as it was written, and in what is said of it."""

import re

import msgspec

from rater.core.pricing.masking import Masks, hide, hide_caller, hide_in_detail

_WHOLE = re.compile(rb"\+[1-9][0-9]{6,14}(?![0-9])")
_NAMED = re.compile(rb'("(?:to|from|routing_number)"\s*:\s*")([^"\\]*)')
_ESCAPE = b"\\u"


def masked_text(text: bytes, masks: Masks) -> bytes:
    """Return a text with the tails of numbers hidden: all in E.164, and what the fields of numbers say."""
    if not masks:
        return text
    text = _WHOLE.sub(lambda found: hide(found[0].decode(), masks).encode(), text)
    return _NAMED.sub(lambda found: found[1] + _said(found[2], masks), text)


def masked_json(text: bytes, masks: Masks) -> bytes:
    """Return JSON that can be read, masked; where characters are written as escapes, it is written again without."""
    if masks and _ESCAPE in text:
        text = msgspec.json.encode(msgspec.json.decode(text))
    return masked_text(text, masks)


def masked_detail(detail: str, masks: Masks) -> str:
    """Return a sentence about a record, without the tails of numbers that it names."""
    if not masks:
        return detail
    plain = masked_text(detail.encode(errors="surrogatepass"), masks)
    return hide_in_detail(plain.decode(errors="surrogatepass"), masks)


def _said(value: bytes, masks: Masks) -> bytes:
    # Latin-1 takes every byte for a character, and gives it back.
    return hide_caller(value.decode("latin-1"), masks).encode("latin-1")
