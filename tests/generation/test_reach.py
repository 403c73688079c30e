from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.reach import is_allowed, is_entry, is_public, literal, may_reach, surely_forbidden

# IANA's registries of special-purpose addresses, and what clouds keep to themselves.
SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
]
SPECIAL_6 = [
    "::/128",
    "::1/128",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "104.18.6.192", "192.0.1.1", "172.32.0.1", "100.128.0.1"]
)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert is_public(IPv4Address(address))


@pytest.mark.parametrize(
    "address", ["2606:4700:4700::1111", "2a00:1450:4001:82f::200e", "2001:4860:4860::8888"]
)
def test_hosts_of_the_internet_are_public_by_ipv6(address: str) -> None:
    assert is_public(IPv6Address(address))
    assert not is_public(IPv6Address(f"{address}%eth0"))


@given(st.sampled_from(SPECIAL).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_special_address_is_public(address: IPv4Address) -> None:
    assert not is_public(address)


@given(st.sampled_from(SPECIAL_6).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_special_ipv6_address_is_public(address: IPv6Address) -> None:
    assert not is_public(address)


@given(
    st.ip_addresses(v=4) | st.sampled_from(SPECIAL).flatmap(lambda network: st.ip_addresses(network=network)),
    st.sampled_from(["::ffff:0:0", "64:ff9b::"]),
)
def test_an_ipv6_address_that_wraps_an_ipv4_one_is_as_public_as_that(
    address: IPv4Address, prefix: str
) -> None:
    wrapped = IPv6Address(int(IPv6Address(prefix)) | int(address))
    assert is_public(wrapped) == is_public(address)
    assert is_public(IPv6Address((0x2002 << 112) | (int(address) << 80))) == is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_known_by_every_spelling(address: IPv4Address) -> None:
    number, (first, *rest) = int(address), address.packed
    octal = ".".join(f"0{part:o}" for part in address.packed)
    short = f"{first}.{rest[0]}.{int.from_bytes(address.packed[2:])}"
    for spelling in (
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        octal,
        short,
        hex(number).upper(),
    ):
        assert literal(spelling) == address
        assert surely_forbidden(spelling, 443) is not is_public(address)
        assert is_allowed(spelling, 8000, [f"{address}:8000"])


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("gpu.example", 8000, "gpu.example"),
        ("GPU.example.", 8000, "gpu.example:8000"),
        ("::1", 80, "[::1]:80"),
        ("0:0:0:0:0:0:0:1", 80, "::1"),
        ("[::1]", 80, "[::1]"),
    ],
)
def test_a_host_is_allowed_by_its_name_with_any_port_or_one(host: str, port: int, allowed: str) -> None:
    assert is_allowed(host, port, ["other.example", allowed])


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("gpu.example", 8001, "gpu.example:8000"),
        ("x.gpu.example", 8000, "gpu.example"),
        ("gpu.example.evil.example", 8000, "gpu.example"),
        ("127.0.0.1", 80, "localhost"),
        ("::1", 80, ":80"),
        ("fe80::1", 80, "fe80::1:80"),
        ("10.0.0.1", 80, ""),
    ],
)
def test_nothing_but_what_was_named_is_allowed(host: str, port: int, allowed: str) -> None:
    assert not is_allowed(host, port, [allowed])


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST.", "x.localhost", "db", "metadata.google.internal", "a.local"]
)
def test_names_within_a_network_are_known_before_they_are_looked_up(name: str) -> None:
    assert surely_forbidden(name, 443)
    assert not surely_forbidden("api.example.org", 443)


@given(st.integers(1, 65535))
def test_below_1024_only_ports_of_the_web_are_reached(port: int) -> None:
    assert may_reach(port, IPv4Address("8.8.8.8")) == (port in (80, 443) or port >= 1024)


@pytest.mark.parametrize("entry", ["gpu", "gpu.example:8000", "10.0.0.5", "10.0.0.5:80", "::1", "[::1]:8000"])
def test_what_may_be_allowed_is_a_host_or_a_host_with_its_port(entry: str) -> None:
    assert is_entry(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "http://gpu",
        "gpu/v1",
        "a b",
        "u@gpu",
        "*",
        "*.example",
        "gpu:",
        "gpu:x",
        "gpu:99999",
        "gpu:0",
        "[::1",
    ],
)
def test_what_else_stands_there_is_no_host(entry: str) -> None:
    assert not is_entry(entry)
