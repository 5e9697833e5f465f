"""The names under which writers wait for each other."""

from __future__ import annotations

import pytest

from nova_db.operations.rows import locks


@pytest.mark.parametrize(
    "name, text",
    [
        (locks.hostname("h"), "hostname/h"),
        (locks.hostname("h", "p"), "hostname/p/h"),
        (locks.default_group(None), "security_groups/default/None"),
        (locks.items("instance_metadata", "u"), "instance_metadata/u"),
        (locks.items("aggregate_metadata", 5), "aggregate_metadata/5"),
        (locks.info_cache("u"), "instance_info_caches/u"),
        (locks.groups_of_instance("u"), "security_group_instance_association/u"),
        (locks.devices("u"), "block_device_mapping/u"),
        (locks.usages("p", "ä"), {"quota_usages/p", "quota_usages/ä"}),
        (locks.flavor_names("n", "5"), ("instance_types/name/n", "instance_types/flavorid/5")),
        (locks.flavor_access(5), "instance_type_projects/5"),
        (locks.aggregate_name("n"), "aggregates/name/n"),
        (locks.hosts_of_aggregate(5), "aggregate_hosts/5"),
        (locks.networks_of_project("p"), "networks/project/p"),
        (locks.floating_addresses(["10.0.0.1"]), {"floating_ips/147"}),
        (locks.dns_domain("d"), "dns_domains/d"),
        (locks.bandwidth("u", "m"), "bw_usage_cache/u/m"),
        (locks.volume_usage("v"), "volume_usage_cache/v"),
    ],
)
def test_they_are_those_of_the_releases_before(name: object, text: object) -> None:
    """Which are at work on the same database during an upgrade, and wait for the same texts."""
    assert name == text


def test_what_no_server_could_be_sent_is_spelled_out() -> None:
    assert locks.dns_domain("a\ud800ä") == "dns_domains/a\\ud800ä"


def test_what_is_no_text_is_named_as_a_column_takes_it_or_by_its_kind() -> None:
    assert [locks.items("t", value) for value in (7, True, 2.5)] == ["t/7", "t/1", "t/2.5"]
    [one, other] = [locks.items("t", value) for value in (object(), [])]
    assert "0x" not in one
    assert one != other


def test_an_address_has_one_name_alone_and_in_a_batch() -> None:
    addresses = [f"10.0.{number // 256}.{number % 256}" for number in range(2000)]
    batch = locks.floating_addresses(addresses)
    alone = [locks.floating_addresses([address]) for address in addresses]
    assert alone == [locks.floating_addresses([address]) for address in addresses]
    assert [names for names in alone if not names <= batch] == []


def test_no_address_is_what_an_empty_one_is() -> None:
    assert locks.floating_addresses([None]) == locks.floating_addresses([""])


def test_two_addresses_seldom_wait_for_each_other() -> None:
    names = [next(iter(locks.floating_addresses([f"10.0.0.{number}"]))) for number in range(200)]
    alike = sum(first == second for first in names for second in names) - len(names)
    assert alike / len(names) ** 2 < 3 / locks.STRIPES


def test_a_batch_of_any_size_takes_a_bounded_number_of_locks() -> None:
    addresses = [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(100_000)]
    assert len(locks.floating_addresses(addresses)) == locks.STRIPES
