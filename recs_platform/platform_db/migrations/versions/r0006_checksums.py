"""Which files a slice is made of, and the checksum of what is live.

Slices that were entered before have no files here, and publications no checksum: nobody knows them. `recs verify
--accept` enters them as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("ledger_slices", sa.Column("files", sa.Text()))
    op.add_column("publications", sa.Column("checksum", sa.String(64)))


def downgrade() -> None:
    op.execute("ALTER TABLE publications DROP COLUMN checksum")
    op.execute("ALTER TABLE ledger_slices DROP COLUMN files")
