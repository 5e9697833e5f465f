"""The names under which writers wait for each other."""

from __future__ import annotations

from nova_db.operations.rows import locks


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
