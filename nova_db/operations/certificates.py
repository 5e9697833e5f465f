"""Certificates of users in projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.context import require_admin
from nova_db.driver.certificates import CertificatesContract
from nova_db.engine import Query, all_of
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import LIVE, matches
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text, Values
    from nova_db.engine import Transaction

CERTIFICATES = TABLES["certificates"]


class CertificatesOperations(TransactionalDriver, CertificatesContract):
    """Certificates."""

    @writes(require_admin)
    def certificate_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, CERTIFICATES, values)

    @reads(require_admin, snapshot=False)
    def certificate_get_all_by_project(self, tx: Transaction, context: Context, project_id: Text) -> list[Record]:
        return tx.select(Query(CERTIFICATES.name, all_of(matches(CERTIFICATES, project_id=project_id), LIVE)))

    @reads(require_admin, snapshot=False)
    def certificate_get_all_by_user(self, tx: Transaction, context: Context, user_id: Text) -> list[Record]:
        return tx.select(Query(CERTIFICATES.name, all_of(matches(CERTIFICATES, user_id=user_id), LIVE)))

    @reads(require_admin, snapshot=False)
    def certificate_get_all_by_user_and_project(
        self, tx: Transaction, context: Context, user_id: Text, project_id: Text
    ) -> list[Record]:
        where = all_of(matches(CERTIFICATES, user_id=user_id, project_id=project_id), LIVE)
        return tx.select(Query(CERTIFICATES.name, where))
