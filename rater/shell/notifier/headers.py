"""What a reader makes of the bytes of an e-mail, held against what was meant; a letter goes out only where they agree.

Python's `EmailMessage` reads the headers that it is given: an encoded word (RFC 2047) in an id becomes whatever it
encodes, line ends and further headers included. So the lines are written here, and what has come of them is read twice:
as the plain lines that a mail server sees, and decoded, as a reader shows it.
"""

import email
import re
from collections.abc import Mapping, Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import default
from email.utils import formataddr, parseaddr
from typing import Any, Final

_ENCODED_WORD: Final = "=?"
_OF_MIME: Final = ("Content-Type", "MIME-Version")
_ADDRESSES: Final = ("From", "To")


class MangledError(ValueError):
    """A reader would find another message than was meant."""


def is_plain(text: str) -> bool:
    """Say whether a text means itself in a header: nothing in it can be taken for an encoded word."""
    return _ENCODED_WORD not in text


def write_headers(headers: Mapping[str, str]) -> bytes:
    """Return the lines of headers, each meaning what it was given; addresses as `Name <address>` or bare."""
    lines = (f"{name}: {_encoded(name, value)}\r\n" for name, value in headers.items())
    return "".join(lines).encode("ascii")


def _encoded(name: str, value: str) -> str:
    """Return a value in ASCII: as it is where that is what it means, else all of it as encoded words."""
    if name in _ADDRESSES:
        display, address = parseaddr(value)
        return formataddr((display, address))
    if value.isascii() and is_plain(value):
        return Header(value, "us-ascii", header_name=name).encode(linesep="\r\n")
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def check_message(raw: bytes, meant: Mapping[str, str], bodies: Sequence[str]) -> None:
    """Compare headers and parts with what was meant; MangledError names what differs, and repeats nothing of it."""
    names = sorted([*meant, *_OF_MIME])
    lines = email.message_from_bytes(raw)
    shown = email.message_from_bytes(raw, policy=default)
    assert isinstance(shown, EmailMessage)
    if names != sorted(lines.keys()) or names != sorted(shown.keys()):
        raise MangledError("headers: others than were meant")
    for name, value in meant.items():
        if _said(shown[name]) != [_folded(value)]:
            raise MangledError(f"{name}: another than was meant")
    parts = list(shown.iter_parts())
    if shown.get_content_type() != "multipart/alternative" or len(parts) != len(bodies):
        raise MangledError("parts: others than were meant")
    for part, body in zip(parts, bodies, strict=True):
        if not isinstance(part, EmailMessage) or _lines(part.get_content()) != _lines(body):
            raise MangledError("parts: another text than was meant")


def _said(header: Any) -> list[str]:
    """Return what a header says; of addresses each."""
    return [_folded(str(each)) for each in getattr(header, "addresses", [header])]


def _folded(text: str) -> str:
    """Return a text with single blanks: where a header is folded, blanks may be added."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").splitlines()
