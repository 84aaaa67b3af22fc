"""Alembic runs this file for every command; the connection is handed over by `engine.alembic_config`.

Migrations run on a live connection only: SQL scripts for somebody else to run ("offline mode") are not made.
"""

from __future__ import annotations

from alembic import context
from alembic.script import ScriptDirectory

from recs_platform.platform_db import alert_tables, serving_tables  # noqa: F401  (their tables belong to Base)
from recs_platform.platform_db.revisions import VERSION_TABLE, state_oldest
from recs_platform.platform_db.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite changes a table by copying it; it rolls back DDL as well, if the driver is told to begin.
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
    state_oldest(connection, ScriptDirectory.from_config(context.config))
