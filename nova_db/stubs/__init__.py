"""Generated text for type checkers and editors: the records, and the signatures of the namespaces.

``python -m nova_db.stubs`` writes all of it anew, after a change of the contract or of the schema:

* ``nova_db/records.py``: a ``TypedDict`` for each record, from :mod:`nova_db.driver.records` and :mod:`nova_db.schema`;
* ``nova_db/__init__.pyi``: the namespace, whose functions return them;
* ``nova_db/aio/__init__.pyi``: the same as coroutine functions.
"""

from __future__ import annotations
