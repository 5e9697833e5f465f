"""ORM models of the 48 tables, for reports and scripts: ``from nova_db_sqlalchemy.models import Instance``.

They are made from ``nova_db.schema`` when this module is imported; type checkers and editors read the stub beside it.
A relation shows the rows that the API's records show: mostly live ones only.  A row that is taken out of the
session (``session.delete``) is deleted for good; the API's functions soft-delete.
"""

from __future__ import annotations

from nova_db_sqlalchemy.models.base import NovaBase
from nova_db_sqlalchemy.models.mapping import REGISTRY, map_models

MODELS = map_models(__name__)
"""The models by the names of their classes."""

globals().update(MODELS)

__all__ = ["MODELS", "REGISTRY", "NovaBase", *MODELS]  # noqa: PLE0604 - names, though the linter cannot see them
