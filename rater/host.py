"""Hosts: what may stand where a machine is named: an IP address, or a name as the domain name system has them."""

import re
from ipaddress import ip_address
from typing import Final

from rater.secret import MASKED

_LENGTH_MAX: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)


def is_host(text: str) -> bool:
    """Say whether a text is an IP address, without brackets, or a name that can be looked up; it is not looked up.

    A name may have underscores, as names of containers do, and letters that are not ASCII (IDNA). One that ends in a
    number is an IPv4 address, or nothing.

    >>> [is_host(each) for each in ("mail.example.org", "::1", "bücher.example", "rater_kafka")]
    [True, True, True, True]
    >>> [is_host(each) for each in ("", "a b", "http://a", "300.1.1.1", "mail:25", "-a")]
    [False, False, False, False, False, False]
    """
    try:
        ip_address(text)
    except ValueError:
        return _is_name(text)
    return True


def _is_name(text: str) -> bool:
    try:
        name = text.encode("idna").decode("ascii").removesuffix(".")
    except UnicodeError:
        return False
    labels = name.split(".")
    is_named = len(name) <= _LENGTH_MAX and all(_LABEL.fullmatch(each) for each in labels)
    return is_named and not labels[-1].isdecimal()


def read_host(text: str) -> str:
    """Return a host as it is; ValueError where the text names none."""
    if not is_host(text):
        found = without_login(text)[:80]
        raise ValueError(f"must be a host name or an IP address, found {found!r}")
    return text


def without_login(address: str) -> str:
    """Return an address as it may be shown: what may be a login stands before its last `@`, and is hidden.

    >>> without_login("https://me:secret@proxy.example")
    'https://***@proxy.example'
    """
    login, at, host = address.rpartition("@")
    scheme = _SCHEME.match(login)
    return f"{scheme[0] if scheme else ''}{MASKED}@{host}" if at else address
