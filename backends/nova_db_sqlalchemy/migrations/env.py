"""What Alembic runs to migrate: on the connection that ``migration.py`` gives it, or to a script.

Locks and transactions are that module's; the command ``alembic`` of its own has neither, and is refused.
"""

from __future__ import annotations

from alembic import context

from nova_db_sqlalchemy.migrations.configuration import CONNECTION, URL, options
from nova_db_sqlalchemy.migrations.errors import SchemaError

attributes = context.config.attributes
if context.is_offline_mode() and URL in attributes:
    context.configure(
        url=attributes[URL],
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        # SQLite undoes changes of a schema, too; Alembic leaves it out because of what Python's library once did.
        transactional_ddl=True if attributes[URL].get_backend_name() == "sqlite" else None,
        **options(),
    )
elif CONNECTION in attributes:
    context.configure(connection=attributes[CONNECTION], **options())
else:
    raise SchemaError(message="Migrations are run by the command nova-db sync, not by Alembic's own.")

with context.begin_transaction():
    context.run_migrations()
