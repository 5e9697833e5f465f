"""The state database of a compute cloud: 254 functions, one contract, any backend.

::

    import nova_db as db

    instance = db.instance_get_by_uuid(context, uuid)

A function goes to the driver of the configured backend, which is found, checked and started on first use (see
:mod:`nova_db.api`). Signatures and docstrings are those of the contract, :mod:`nova_db.driver`; the rules that all
functions follow are at the head of that module. Exceptions are in :mod:`nova_db.exceptions`, contexts in
:mod:`nova_db.context`, and the types of records for type checkers in :mod:`nova_db.records`.

:func:`run` and :func:`transaction` make several calls one transaction. :func:`constraint`, :func:`equal_any` and
:func:`not_equal` put conditions on a change, see :func:`instance_destroy`. :func:`allow_stale_reads` lets a replica
of the database answer. :func:`detached_context` starts a task or thread that joins no open transaction. For services
on asyncio, :mod:`nova_db.aio` has the same functions, to be awaited.

Editors and type checkers read ``__init__.pyi``, which :mod:`nova_db.stubs` makes of the contract.
"""

from __future__ import annotations

from nova_db.api import API as _API
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.driver import FUNCTIONS as _FUNCTIONS
from nova_db.exceptions import NoMoreNetworks, NoMoreTargets
from nova_db.ownership import detached_context
from nova_db.staleness import allow_stale_reads
from nova_db.version import __version__

_FORWARDED = ("transaction", "run", *_FUNCTIONS)

__all__ = [
    "NoMoreNetworks",
    "NoMoreTargets",
    "__version__",
    "allow_stale_reads",
    "constraint",
    "detached_context",
    "equal_any",
    "not_equal",
]
__all__ += list(_FORWARDED)

globals().update({_name: getattr(_API, _name) for _name in _FORWARDED})
