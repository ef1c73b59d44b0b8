"""Which network addresses a webhook may be sent to: public ones. A tenant's URL must not reach into our own network.

Checked where the name is resolved, so that the address that is checked is the one that is connected to.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_NAT64: Final = IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(OSError):
    """A name or a literal leads to an address that webhooks may not go to."""


def is_public(text: str) -> bool:
    """Say whether an address is one of the public internet; an address within another counts too."""
    address = ip_address(text.partition("%")[0])
    if address in _NAT64:
        return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return all(is_public(str(inner)) for inner in _within(address))


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address leads to: mapped, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    return [inner for inner in found if inner is not None]


def check_literal(host: str) -> None:
    """Refuse a host that is an address, written out, and not public; names are checked when they are resolved.

    What aiohttp takes for an address it does not resolve, and the system reads 127.1 and 2130706433 as one.
    """
    if ":" not in host and not host.replace(".", "").isdigit():
        return
    try:
        public = is_public(host)
    except ValueError:
        public = False
    if not public:
        raise ForbiddenAddressError(f"{host} is not a public address")


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; one other address among them is enough to refuse the name."""

    def __init__(self) -> None:
        """Use the machine's own resolver; needs a running loop."""
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; ForbiddenAddressError where one is not public."""
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            if not is_public(result["host"]):
                raise ForbiddenAddressError(
                    f"{host} leads to {result['host']}, not a public address"
                )
        return results

    async def close(self) -> None:
        """Nothing is open."""
        await self._resolver.close()
