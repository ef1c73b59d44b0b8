"""Which addresses a webhook may be sent to."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.notifier.addresses import AddressPolicy, ForbiddenAddressError
from rater.shell.notifier.special_networks import SPECIAL

PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "2a00:1450::1", "64:ff9b::5db8:d822"]
FORBIDDEN = [
    # Metadata of clouds: most; Alibaba; Azure; Oracle; Amazon over IPv6; Google over IPv6; Amazon's containers.
    "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
    "169.254.170.2",
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "172.31.0.1", "192.0.0.1", "192.0.0.9", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.19.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "fe80::1", "fe80::1%eth0", "fec0::1",
    "feff::1", "fc00::1", "ff02::1", "100::1", "100:0:0:1::1", "5f00::1", "4000::1", "2001:db8::1", "3fff::1",
    # An IPv4 address inside: 6to4, also of a public one; Teredo; ISATAP, both ways; NAT64 to a private one, or its own.
    "2002:a00:1::", "2002:5db8:d822::1", "2001:0:5db8:d822::1", "2606:2800::5efe:a00:1",
    "2606:2800::200:5efe:7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_gone_to(address: str) -> None:
    assert AddressPolicy().refusal(address) is None


@pytest.mark.parametrize("address", FORBIDDEN)
def test_what_is_not_public_may_not_and_the_reason_is_said(address: str) -> None:
    assert AddressPolicy().refusal(address)


@given(st.sampled_from(SPECIAL), st.integers(0, 2**128 - 1))
def test_every_address_of_a_special_network_is_refused(row: tuple, number: int) -> None:  # type: ignore[type-arg]
    network, meaning = row
    address = network[number % network.num_addresses]

    assert AddressPolicy().refusal(str(address)) == meaning


def test_what_the_operator_denies_is_denied_also_behind_nat64() -> None:
    policy = AddressPolicy([ip_network("93.184.216.0/24"), ip_network("2606:2800::/32")])

    for address in ("93.184.216.34", "64:ff9b::5db8:d822", "2606:2800:220:1::1"):
        assert policy.refusal(address) == "denied by the operator"
    assert policy.refusal("1.1.1.1") is None
    assert AddressPolicy([ip_network("10.0.0.0/8")], is_open=True).refusal("::ffff:10.0.0.1")


def test_an_open_policy_is_open() -> None:
    assert [AddressPolicy(is_open=True).refusal(address) for address in FORBIDDEN] == [None] * len(
        FORBIDDEN
    )


def test_a_name_is_no_literal() -> None:
    AddressPolicy().check_literal("hooks.acme.example")
    for host in ("127.1", "2130706433", "169.254.169.254", "fec0::1"):
        with pytest.raises(ForbiddenAddressError, match="is not a public address"):
            AddressPolicy().check_literal(host)
