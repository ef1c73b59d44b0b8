"""Which network addresses a webhook may be sent to: public ones. A tenant's URL must not reach into our own network.

An address is looked at twice: when the name is resolved, which is done once for a request, and when the socket is made,
which is the last that can be done; what lies between cannot bring in another. The operator may deny more.
"""

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from rater.shell.notifier.special_networks import GLOBAL_UNICAST, NAT64, SPECIAL

Network = IPv4Network | IPv6Network

_ISATAP: Final = 0x5EFE
_LOOK_UPS_MAX: Final = 64
"""Look-ups at once: a name server that does not answer holds a thread for longer than anybody waits for it."""


class ForbiddenAddressError(OSError):
    """A name or a literal leads to an address that webhooks may not go to."""


class AddressPolicy:
    """Which addresses are out of reach: `denied` by the operator, and the special ones unless all are `open`."""

    def __init__(self, denied: Iterable[Network] = (), *, is_open: bool = False) -> None:
        """`is_open` is for tests and the demo; what is denied stays denied."""
        self._denied = tuple((network, "denied by the operator") for network in denied)
        self._special = () if is_open else SPECIAL
        self.is_open = is_open

    def refusal(self, text: str) -> str | None:
        """Say why webhooks may not go to an address; None where they may."""
        address = ip_address(text.partition("%")[0])
        for inner in _within(address):
            for network, meaning in (*self._denied, *self._special):
                if inner in network:
                    return meaning
        if self.is_open:
            return None
        if isinstance(address, IPv6Address) and address not in NAT64:
            if address not in GLOBAL_UNICAST:
                return "not given out"
            if (int(address) >> 32) & 0xFDFFFFFF == _ISATAP:
                return "ISATAP: an IPv4 address inside"
        return None

    def check(self, address: str, shown: str) -> None:
        """Refuse an address to which `shown` leads."""
        if (why := self.refusal(address)) is not None:
            raise ForbiddenAddressError(f"{shown} is not a public address: {why}")

    def check_literal(self, host: str) -> None:
        """Refuse a host that is an address, written out; names are checked when they are resolved.

        What aiohttp takes for an address it does not resolve, and the system reads 127.1 and 2130706433 as one.
        """
        if ":" not in host and not host.replace(".", "").isdigit():
            return
        try:
            self.check(host, host)
        except ValueError:
            raise ForbiddenAddressError(f"{host} is not a public address: not one at all") from None

    def make_socket(self, found: tuple[Any, ...]) -> socket.socket:
        """Make the socket for a connection to one address; the last look at where it goes."""
        family, kind, protocol, _, place = found
        self.check(place[0], place[0])
        return socket.socket(family, kind, protocol)


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return an address, and the IPv4 address that it leads to."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return [address, IPv4Address(int(address) & 0xFFFFFFFF)]
        if (mapped := address.ipv4_mapped) is not None:
            return [address, mapped]
    return [address]


class PublicResolver(AbstractResolver):
    """Resolves names to what the policy allows; one other address among them is enough to refuse the name."""

    def __init__(self, policy: AddressPolicy) -> None:
        """Use the machine's own resolver, in threads that nothing else waits for."""
        self._policy = policy
        self._threads = ThreadPoolExecutor(_LOOK_UPS_MAX, "webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; ForbiddenAddressError where one may not be gone to."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, look_up, host, port, family)
        for result in found:
            if (why := self._policy.refusal(result["host"])) is not None:
                raise ForbiddenAddressError(f"{host} leads to {result['host']}: {why}")
        return found

    async def close(self) -> None:
        """Wait for no thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def look_up(host: str, port: int, family: int) -> list[ResolveResult]:
    """Ask the machine's resolver once, and return addresses that need no further one."""
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return [
        ResolveResult(
            hostname=host, host=str(place[0]), port=port, family=each, proto=proto, flags=numeric
        )
        for each, _, proto, _, place in found
    ]
