"""Certificates and ssh keys of users."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import index, mediumtext, secret, serial, string, table

CERTIFICATES: Final = table(
    "certificates",
    "Certificate",
    "The file of an x509 certificate that a user has in a project.",
    serial("id"),
    string("user_id"),
    string("project_id"),
    secret(string("file_name"), "where a certificate is, beside which its private key is kept"),
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
    secret(mediumtext("public_key"), "key material: meant to be the public half, not checked to be"),
    index("user_id", "name"),
    soft_deleted=False,
)
