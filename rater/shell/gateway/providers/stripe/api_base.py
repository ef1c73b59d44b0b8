"""API base: another address than Stripe's own, for tests and proxies; without TLS on loopback alone.

The key goes over this line with every request, and so does the amount.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from rater.host import is_host

API_BASE_VARIABLE = "RATER_STRIPE_API_BASE"
"""Where Stripe is asked: another address for tests; without TLS on the loopback alone."""


_NEVER = frozenset("#?\\ \t\r\n")
"""What readers of addresses take in different ways."""


class ApiBaseError(Exception):
    """The address is none, or would send the key in clear."""


def check_api_base(base: str | None) -> str | None:
    """Return the address as it is; None: Stripe's own. ApiBaseError where it will not do."""
    if not base:
        return None
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
        parts = urlsplit("")
    is_plain = parts.username is None and not parts.query and not parts.fragment
    is_plain = is_plain and is_host(host) and not set(base) & _NEVER
    if parts.scheme not in ("http", "https") or not is_plain:
        # Not shown: whoever puts a user there puts a password there.
        raise ApiBaseError(
            f"{API_BASE_VARIABLE} must be http(s)://host[:port], without a user, a query or a fragment"
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise ApiBaseError(
            f"{API_BASE_VARIABLE} must begin with https:// for {host}: "
            "the API key is sent there (without TLS to loopback alone)"
        )
    return base


def _is_loopback(host: str) -> bool:
    """Say whether a host cannot be but this machine; of names only `localhost`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
