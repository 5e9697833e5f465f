"""The seed of what a run makes at random; the same in every run unless it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_seed = 0


def add_option(group: pytest.OptionGroup) -> None:
    """Declare the option that chooses it."""
    group.addoption(
        "--nova-db-seed",
        type=int,
        dest="nova_db_seed",
        metavar="N",
        help="have the random sequences of calls be other ones; the same ones in every run unless it is given",
    )


def use_seed(seed: int) -> None:
    """Have other things be made."""
    global _seed
    _seed = seed


def seed_in_use() -> int:
    """The seed of this run."""
    return _seed
