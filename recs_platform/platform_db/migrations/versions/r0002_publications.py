"""Publications: the versions of what a company's customers see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("strategy", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(200), nullable=False),
        sa.Column("comparison_id", sa.String(32)),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("lake_version", sa.BigInteger()),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint("company", "version", name=op.f("uq_publications_company_version")),
        sa.CheckConstraint(
            "status IN ('publishing', 'live', 'backup', 'abandoned')", name=op.f("ck_publications_status")
        ),
        sa.CheckConstraint("kind IN ('publish', 'rollback')", name=op.f("ck_publications_kind")),
    )
    op.create_index(
        "uq_publications_live",
        "publications",
        ["company"],
        unique=True,
        sqlite_where=sa.text("status = 'live'"),
        postgresql_where=sa.text("status = 'live'"),
    )


def downgrade() -> None:
    op.drop_table("publications")
