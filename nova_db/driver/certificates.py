"""Certificates: the contract of which X.509 certificates were issued to whom.

A certificate has ``user_id``, ``project_id`` and ``file_name``.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import Certificate
from nova_db.driver.types import Context, Text, Values


class CertificatesContract(abc.ABC):
    """What a driver does for certificates."""

    @abc.abstractmethod
    def certificate_create(self, context: Context, values: Values) -> Certificate:
        """Insert a certificate with the columns in ``values``, and return it.

        Auth: admin.
        """

    @abc.abstractmethod
    def certificate_get_all_by_project(self, context: Context, project_id: Text) -> list[Certificate]:
        """Return the certificates issued in ``project_id``.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def certificate_get_all_by_user(self, context: Context, user_id: Text) -> list[Certificate]:
        """Return the certificates issued to ``user_id``.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def certificate_get_all_by_user_and_project(
        self, context: Context, user_id: Text, project_id: Text
    ) -> list[Certificate]:
        """Return the certificates issued to ``user_id`` in ``project_id``.

        Auth: admin. Rows: live.
        """
