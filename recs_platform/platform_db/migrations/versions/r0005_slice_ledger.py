"""The slice ledger; and a publication's version of its live table, whatever the warehouse is.

The ledger begins empty: what a warehouse has is entered when it is next looked at.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "ledger_tables",
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("table_name", sa.String(200), nullable=False),
        sa.Column("table_id", sa.String(64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "table_name", name=op.f("pk_ledger_tables")),
    )
    op.create_table(
        "ledger_slices",
        sa.Column("dataset", sa.String(200), nullable=False),
        sa.Column("table_name", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(64)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "table_name", "day", name=op.f("pk_ledger_slices")),
    )
    # Both engines know this statement; Alembic would copy SQLite's whole table.
    op.execute("ALTER TABLE publications RENAME COLUMN lake_version TO table_version")


def downgrade() -> None:
    op.execute("ALTER TABLE publications RENAME COLUMN table_version TO lake_version")
    op.drop_table("ledger_slices")
    op.drop_table("ledger_tables")
