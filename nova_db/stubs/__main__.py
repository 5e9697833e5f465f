"""Writes the generated files anew."""

from __future__ import annotations

from nova_db.stubs import coroutines, namespace, records

for module in (records, namespace, coroutines):
    module.PATH.write_text(module.stub(), encoding="utf-8")
