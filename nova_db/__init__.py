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

Nothing is imported before the first of these names is used: whatever is imported here comes before the command's first
line, which catches an interruption.
"""

from __future__ import annotations


def __getattr__(name: str) -> object:
    """A public name, or a module of the package, on first use; the others' names are there from then on."""
    import importlib
    from importlib.util import find_spec

    if not name.startswith("__") and find_spec(f"{__name__}.{name}") is not None:
        return importlib.import_module(f"{__name__}.{name}")
    if not name.startswith("__") or name in ("__all__", "__version__"):
        from nova_db.namespace import NAMES

        known = {"__all__": list(NAMES), **NAMES}
        for each, value in known.items():
            globals().setdefault(each, value)
        if name in known:
            return known[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)


def __dir__() -> list[str]:
    from nova_db.namespace import NAMES

    return sorted({*globals(), *NAMES})
