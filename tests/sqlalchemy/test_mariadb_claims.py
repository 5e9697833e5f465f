"""Claims on MariaDB come to an end whatever the server says."""

from __future__ import annotations

import pytest

from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.mariadb.writer import MariaDBWriter
from tests.sqlalchemy import claiming


def test_a_row_that_is_shown_and_cannot_be_locked(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    claiming.check_disagreement(engine, monkeypatch, MariaDBWriter)


def test_rows_that_others_take(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    claiming.check_losses(engine, monkeypatch, MariaDBWriter)
