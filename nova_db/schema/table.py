"""A table: its declaration, what follows from it, and its validators."""

from __future__ import annotations

from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from nova_db.exceptions.redaction import mark_secret
from nova_db.schema import validation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nova_db.schema.coercion import Coercer
    from nova_db.schema.types import Column, Computed, Constant, ForeignKey, Index, Mention, Owner, Relation, Unique
    from nova_db.schema.validation import Completer, Validator

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
SHADOW_PREFIX: Final = "shadow_"


class Table:
    """One table, not to be changed once made; tables are compared by identity.

    ``columns`` are in storage order and end with ``created_at``, ``updated_at``, ``deleted_at`` and ``deleted``.
    ``model`` is the name of the ORM class; its attributes are the columns, the relations that are not hidden, the
    computed values and the constants.  ``archived`` says whether a shadow table takes rows that were soft-deleted,
    ``soft_deleted`` whether a function, or the upkeep, soft-deletes rows: ``deleted`` then takes the row's key.
    ``shadow_indexes`` are the shadow table's. ``owners`` says what a row belongs to, ``mentions`` what else it names.
    """

    def __init__(
        self,
        name: str,
        model: str,
        description: str,
        columns: tuple[Column, ...],
        *,
        indexes: tuple[Index, ...] = (),
        uniques: tuple[Unique, ...] = (),
        foreign_keys: tuple[ForeignKey, ...] = (),
        relations: Mapping[str, Relation] = NOTHING,
        computed: Mapping[str, Computed] = NOTHING,
        constants: Mapping[str, Constant] = NOTHING,
        archived: bool = False,
        soft_deleted: bool = True,
        shadow_indexes: tuple[Index, ...] = (),
        owners: tuple[Owner, ...] = (),
        mentions: tuple[Mention, ...] = (),
    ) -> None:
        self.name: Final = name
        self.model: Final = model
        self.description: Final = description
        self.columns: Final = columns
        self.indexes: Final = indexes
        self.uniques: Final = uniques
        self.foreign_keys: Final = foreign_keys
        self.relations: Final = relations
        self.computed: Final = computed
        self.constants: Final = constants
        self.archived: Final = archived
        self.soft_deleted: Final = soft_deleted
        self.shadow_indexes: Final = shadow_indexes
        self.owners: Final = owners
        self.mentions: Final = mentions
        for column in columns:
            if column.secret:
                mark_secret(name, column.name)
                if archived:  # whose shadow table need not have been asked for
                    mark_secret(SHADOW_PREFIX + name, column.name)
        self._not_stored: Final = frozenset((*computed, *constants))
        self._lookers: Final = {column.name: validation.looker(column.kind, column.length) for column in columns}

    def __repr__(self) -> str:
        return f"<Table {self.name}>"

    @cached_property
    def column(self) -> Mapping[str, Column]:
        """The columns by name, in storage order."""
        return {column.name: column for column in self.columns}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in storage order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def primary_key(self) -> str:
        """The name of the column that is the primary key; every table has exactly one."""
        return next(column.name for column in self.columns if column.primary_key)

    @cached_property
    def autoincrement(self) -> bool:
        """Whether the backend generates the primary key when an insert does not give one."""
        return self.column[self.primary_key].autoincrement

    @cached_property
    def live_value(self) -> int | bool | str:
        """What ``deleted`` holds in a live row: 0, False or the empty string; null is neither live nor deleted."""
        value = self.column["deleted"].default
        assert isinstance(value, int | str)
        return value

    @cached_property
    def shadow(self) -> Table | None:
        """The table that archived rows are moved to: the same columns and key, no rule; None without one."""
        if not self.archived:
            return None
        columns = tuple(column._replace(autoincrement=False, references=None) for column in self.columns)
        description = f"Archived rows of {self.name}."
        name, model = SHADOW_PREFIX + self.name, f"Shadow{self.model}"
        return Table(name, model, description, columns, indexes=self.shadow_indexes, soft_deleted=False)

    @cached_property
    def insert_values(self) -> Completer:
        """Check and complete the values of a new row: ``insert_values(values, now=None) -> dict``.

        Rows of one call are made at one time: ``now``, where the caller has it already.

        The dict is new and has every column in storage order, coerced, defaults filled in (also for None); an
        autoincrement key is in it only when given and not None.

        :raises UnknownColumn: a key is no column.
        :raises DBDataError: a value does not fit its column, or the key is 0 where rows are soft-deleted.
        """
        return validation.insert_validator(self.name, self.columns, self._not_stored, self.complete_values)

    @cached_property
    def complete_values(self) -> Completer:
        """``insert_values`` of values in the form in which they are stored; null only where that is the default."""
        besides = (*self.relations, *self.computed)
        return validation.completer(self.name, self.columns, besides, soft_deleted=self.soft_deleted)

    @cached_property
    def update_values(self) -> Validator:
        """Check the values of an update: ``update_values(values) -> dict``, a new dict with the same keys, coerced.

        None stays None.

        :raises UnknownColumn: a key is no column.
        :raises DBDataError: a value does not fit its column.
        """
        return validation.update_validator(self.name, self.columns, self._not_stored)

    @cache  # noqa: B019 - there is one of each table, for as long as the process
    def checker(self, column: str) -> Coercer:
        """Check one value of an update or a new row, as ``update_values`` does: its stored form, None stays None.

        :raises DBDataError: by that function, for a value that does not fit the column.
        """
        return validation.checker(self.name, self.column[column])

    def looker(self, column: str) -> Coercer:
        """``lookup`` for one column, to be kept by code that compares often.

        :raises UnknownColumn: there is no such column.
        """
        try:
            return self._lookers[column]
        except KeyError:
            raise validation.unknown_column(self.name, column, self.names, self._not_stored) from None

    def lookup(self, column: str, value: Any) -> Any:
        """The value to compare a column with: coerced as if it were stored, None as it is, ``NO_MATCH`` if nothing can.

        A value that does not fit the column is no error, no row has it.

        :raises UnknownColumn: there is no such column.
        """
        try:
            look = self._lookers[column]
        except KeyError:
            raise validation.unknown_column(self.name, column, self.names, self._not_stored) from None
        return look(value)
