"""Key pairs: the contract of the SSH keys that users put on their instances.

A user may have several of one name, for nothing prevents it: callers look first. None of the functions keeps a
private key.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import CreatedKeyPair, KeyPair
from nova_db.driver.types import Context, Text, Values


class KeyPairsContract(abc.ABC):
    """What a driver does for key pairs."""

    @abc.abstractmethod
    def key_pair_create(self, context: Context, values: Values) -> CreatedKeyPair:
        """Insert a key pair with the columns in ``values``, for whatever user, and return it.

        Auth: context.

        A ``private_key`` in ``values`` comes back in the result and is not stored.
        """

    @abc.abstractmethod
    def key_pair_get(self, context: Context, user_id: Text, name: Text) -> KeyPair:
        """Return the first key pair of ``user_id`` named ``name``.

        Auth: own user. Rows: visible.

        :raises KeypairNotFound: no such key pair.
        """

    @abc.abstractmethod
    def key_pair_get_all_by_user(self, context: Context, user_id: Text) -> list[KeyPair]:
        """Return the key pairs of ``user_id``.

        Auth: own user. Rows: live.
        """

    @abc.abstractmethod
    def key_pair_count_by_user(self, context: Context, user_id: Text) -> int:
        """Count the key pairs of ``user_id``.

        Auth: own user. Rows: live.
        """

    @abc.abstractmethod
    def key_pair_destroy(self, context: Context, user_id: Text, name: Text) -> None:
        """Remove the key pairs of ``user_id`` named ``name`` for good.

        Auth: own user. Rows: visible.

        :raises KeypairNotFound: there is none.
        """
