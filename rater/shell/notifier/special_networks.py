"""Networks that are not the public internet. A tenant's webhook goes to none of them.

Source: the IANA registries of special-purpose addresses, IPv4 and IPv6 (RFC 6890 and what updated it up to RFC 9780),
whole, those called globally reachable included: no receiver of webhooks lives there. Beside them multicast, what was
deprecated before there was a registry, and an address at which a cloud answers its own machines.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

AS_OF: Final = "2026-11-28"

_LISTED: Final = """
0.0.0.0/8           this network
10.0.0.0/8          private use
100.64.0.0/10       shared by carriers; 100.100.100.200 is Alibaba's metadata
127.0.0.0/8         loopback
168.63.129.16/32    Azure's platform
169.254.0.0/16      link local; 169.254.169.254 is the metadata of most clouds
172.16.0.0/12       private use
192.0.0.0/24        protocol assignments; 192.0.0.192 is Oracle's metadata
192.0.2.0/24        documentation
192.31.196.0/24     AS112
192.52.193.0/24     AMT
192.88.99.0/24      relays of 6to4, deprecated
192.168.0.0/16      private use
192.175.48.0/24     AS112
198.18.0.0/15       benchmarks
198.51.100.0/24     documentation
203.0.113.0/24      documentation
224.0.0.0/4         multicast
240.0.0.0/4         reserved, broadcast included
::/96               IPv4-compatible, deprecated; loopback and unspecified
::ffff:0:0/96       IPv4-mapped
64:ff9b:1::/48      NAT64 of a network's own
100::/64            discarded
100:0:0:1::/64      dummy prefix
2001::/23           protocol assignments: Teredo, benchmarks, ORCHID
2001:db8::/32       documentation
2002::/16           6to4, deprecated: an IPv4 address inside
2620:4f:8000::/48   AS112
3fff::/20           documentation
5f00::/16           segment routing
fc00::/7            unique local; fd00:ec2::254 is Amazon's metadata
fe80::/10           link local
fec0::/10           site local, deprecated
ff00::/8            multicast
"""

NAT64: Final = IPv6Network("64:ff9b::/96")
"""Leads to the IPv4 address in its last 32 bits: as good as that one is."""
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""Nothing else of IPv6 has been given out."""


def _read(text: str) -> tuple[tuple[IPv4Network | IPv6Network, str], ...]:
    rows = (line.split(None, 1) for line in text.strip().splitlines())
    return tuple((ip_network(network), meaning) for network, meaning in rows)


SPECIAL: Final = _read(_LISTED)
"""Each network, and what it is for."""
