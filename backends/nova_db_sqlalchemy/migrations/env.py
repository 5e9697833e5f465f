"""What Alembic runs to migrate: on the connection that ``migration.py`` gives it, or to a script.

Locks and transactions are that module's; the command ``alembic`` of its own has neither, and is refused.
"""

from __future__ import annotations

from alembic import context

from nova_db_sqlalchemy.migrations.configuration import CONNECTION, URL, options
from nova_db_sqlalchemy.migrations.targets import migrating_on
from nova_db_sqlalchemy.schema_errors import SchemaError

attributes = context.config.attributes
if context.is_offline_mode() and URL in attributes:
    context.configure(
        url=attributes[URL],
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transactional_ddl=migrating_on(attributes[URL].get_dialect()).scripts_are_transactions,
        **options(),
    )
elif CONNECTION in attributes:
    context.configure(connection=attributes[CONNECTION], **options())
else:
    raise SchemaError(message="Migrations are run by the command nova-db sync, not by Alembic's own.")

with context.begin_transaction():
    context.run_migrations()
