"""Addresses, networks and what else has one text: their stored form."""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

import pytest

from nova_db_conformance import decision
from tests.schema.storing import Text, refusal, stored


@pytest.mark.parametrize(
    "value, expected",
    [
        ("2001:0DB8::0001", "2001:db8::1"),
        ("FE80:0:0:0:0:0:0:1", "fe80::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("::", "::"),
        ("0000:0000:0000:0000:0000:ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("::FFFF:0A00:0001", "::ffff:10.0.0.1"),
        (Text("2001:DB8::1"), "2001:db8::1"),
        ("10.0.0.1", "10.0.0.1"),
        ("010.0.0.1", "010.0.0.1"),
        ("", ""),
        ("floating", "floating"),
        ("FLOATING:ip", "FLOATING:ip"),
        ("FE80::1%eth0", "FE80::1%eth0"),
        ("2001:DB8::1 ", "2001:DB8::1 "),
        ("2001:DB8::/32", "2001:DB8::/32"),
        ("1::2::3", "1::2::3"),
        (7, "7"),
    ],
)
@decision(16)
def test_addresses(value: Any, expected: str) -> None:
    result = stored("fixed_ips", "address", value)
    assert result == expected
    assert type(result) is str


@pytest.mark.parametrize(
    "value, expected",
    [
        ("2001:DB8::5/64", "2001:db8::/64"),
        ("2001:DB8::5/32", "2001:db8::/32"),
        ("2001:db8::5/128", "2001:db8::5/128"),
        ("2001:db8::5/0", "::/0"),
        ("2001:db8:ffff::/33", "2001:db8:8000::/33"),
        ("::1", "::1/128"),
        ("::ffff:10.0.0.5/120", "::ffff:10.0.0.0/120"),
        ("10.0.0.5/24", "10.0.0.5/24"),
        ("10.0.0.1/32", "10.0.0.1/32"),
        ("", ""),
        ("anywhere", "anywhere"),
        ("2001:DB8::/129", "2001:DB8::/129"),
        ("2001:DB8::/", "2001:DB8::/"),
        ("2001:DB8::/-1", "2001:DB8::/-1"),
        ("2001:DB8::/64/64", "2001:DB8::/64/64"),
        ("FE80::1%eth0/64", "FE80::1%eth0/64"),
    ],
)
@decision(16)
def test_networks(value: Any, expected: str, subtests: pytest.Subtests) -> None:
    for table, column in (("networks", "cidr"), ("networks", "cidr_v6"), ("security_group_rules", "cidr")):
        with subtests.test(table=table, column=column):
            assert stored(table, column, value) == expected


def test_length_of_addresses_is_that_of_their_normal_form() -> None:
    padded = "0000:0000:0000:0000:0000:ffff:255.255.255.255"
    assert len(padded) > 43
    assert stored("fixed_ips", "address", padded) == "::ffff:255.255.255.255"
    assert stored("networks", "cidr", padded) == "::ffff:255.255.255.255/128"
    assert stored("fixed_ips", "address", "x" * 39) == "x" * 39
    assert "40 characters, 39 fit" in refusal("fixed_ips", "address", "x" * 40)
    assert stored("networks", "cidr", "x:" + "x" * 41) == "x:" + "x" * 41
    assert "44 characters, 43 fit" in refusal("networks", "cidr", "x:" + "x" * 42)


@decision(34)
def test_objects_of_addresses_and_uuids_are_their_text() -> None:
    assert stored("fixed_ips", "address", ipaddress.ip_address("FD00:0::1")) == "fd00::1"
    assert stored("networks", "cidr", ipaddress.ip_interface("10.0.0.5/24")) == "10.0.0.5/24"
    assert stored("instances", "uuid", uuid.UUID(int=5)) == "00000000-0000-0000-0000-000000000005"


def test_mac_addresses_are_kept_as_given() -> None:
    assert stored("virtual_interfaces", "address", "FA:16:3E:00:00:01") == "FA:16:3E:00:00:01"
    assert stored("virtual_interfaces", "address", "FE80:0:0::1") == "FE80:0:0::1"
