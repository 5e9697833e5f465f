"""Key pairs of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import authorize_user, require_context
from nova_db.driver.key_pairs import KeyPairsContract
from nova_db.engine import Predicate, Query, all_of
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import LIVE, equals, matches, visible
from nova_db.operations.rows.reading import count, one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text, Values
    from nova_db.engine import Transaction

KEY_PAIRS = TABLES["key_pairs"]


class KeyPairsOperations(TransactionalDriver, KeyPairsContract):
    """Key pairs."""

    @writes(require_context)
    def key_pair_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        stored = dict(values)
        secret = {"private_key": stored.pop("private_key")} if "private_key" in stored else {}
        return {**create(tx, KEY_PAIRS, stored), **secret}

    @reads(require_context, snapshot=False, authorize=authorize_user)
    def key_pair_get(self, tx: Transaction, context: Context, user_id: Text, name: Text) -> Record:
        return one(
            tx,
            Query("key_pairs", _named(context, user_id, name), limit=1),
            exceptions.KeypairNotFound,
            user_id=user_id,
            name=name,
        )

    @reads(require_context, snapshot=False, authorize=authorize_user)
    def key_pair_get_all_by_user(self, tx: Transaction, context: Context, user_id: Text) -> list[Record]:
        return tx.select(Query("key_pairs", all_of(equals(KEY_PAIRS, "user_id", user_id), LIVE)))

    @reads(require_context, snapshot=False, authorize=authorize_user)
    def key_pair_count_by_user(self, tx: Transaction, context: Context, user_id: Text) -> int:
        return count(tx, "key_pairs", all_of(equals(KEY_PAIRS, "user_id", user_id), LIVE))

    @writes(require_context, authorize=authorize_user)
    def key_pair_destroy(self, tx: Transaction, context: Context, user_id: Text, name: Text) -> None:
        if not tx.delete("key_pairs", _named(context, user_id, name)):
            raise exceptions.KeypairNotFound(user_id=user_id, name=name)


def _named(context: Context, user_id: Text, name: Text) -> Predicate:
    return all_of(matches(KEY_PAIRS, user_id=user_id, name=name), visible(context, KEY_PAIRS))
