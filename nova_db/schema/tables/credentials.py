"""Certificates and ssh keys of users."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import index, mediumtext, serial, string, table

CERTIFICATES: Final = table(
    "certificates",
    "Certificate",
    "The file of an x509 certificate that a user has in a project.",
    serial("id"),
    string("user_id"),
    string("project_id"),
    string("file_name"),
    index("project_id", "deleted"),
    index("user_id", "deleted"),
    soft_deleted=False,
)

KEY_PAIRS: Final = table(
    "key_pairs",
    "KeyPair",
    "A user's named ssh key, its public half.",
    serial("id"),
    string("name"),
    string("user_id"),
    string("fingerprint"),
    mediumtext("public_key"),
    index("user_id", "name"),
    soft_deleted=False,
)
