"""Which tables of a run failed. Of runs that ended before, nobody knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("job_log", sa.Column("failed", sa.Text()))


def downgrade() -> None:
    op.execute("ALTER TABLE job_log DROP COLUMN failed")
