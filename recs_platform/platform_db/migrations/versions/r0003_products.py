"""Products: a company may publish more than its recommendations, each by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LIVE = sa.text("status = 'live'")


def upgrade() -> None:
    _drop_live()
    with op.batch_alter_table("publications") as table:
        # What was published until now were recommendations; whoever publishes says what from now on.
        table.add_column(sa.Column("product", sa.String(64), nullable=False, server_default="recommendations"))
        table.alter_column("customers", existing_type=sa.BigInteger(), nullable=True)
        table.drop_constraint(op.f("uq_publications_company_version"), type_="unique")
        table.create_unique_constraint(op.f("uq_publications_company_product_version"), ["company", "product", "version"])
    with op.batch_alter_table("publications") as table:
        table.alter_column("product", existing_type=sa.String(64), existing_nullable=False, server_default=None)
    _make_live(["company", "product"])


def downgrade() -> None:
    """Only recommendations can be told from before; the live tables' own logs keep the others."""
    _drop_live()
    op.execute("DELETE FROM publications WHERE product <> 'recommendations'")
    with op.batch_alter_table("publications") as table:
        table.drop_constraint(op.f("uq_publications_company_product_version"), type_="unique")
        table.drop_column("product")
        table.alter_column("customers", existing_type=sa.BigInteger(), nullable=False)
        table.create_unique_constraint(op.f("uq_publications_company_version"), ["company", "version"])
    _make_live(["company"])


def _drop_live() -> None:
    op.drop_index("uq_publications_live", "publications")


def _make_live(columns: list[str]) -> None:
    op.create_index(
        "uq_publications_live", "publications", columns, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )
