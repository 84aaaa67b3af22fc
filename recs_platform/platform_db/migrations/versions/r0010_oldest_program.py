"""The oldest program that may use these tables. Programs before this one do not ask, and refuse."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

OLDEST_PROGRAM = "0010"


def upgrade() -> None:
    op.create_table(
        "recs_oldest_program",
        sa.Column("revision", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_recs_oldest_program")),
    )


def downgrade() -> None:
    op.drop_table("recs_oldest_program")
