"""Models: their versions, which of them serves, and the trainings that were begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ACTIVE = sa.text("status = 'active'")


def upgrade() -> None:
    op.create_table(
        "model_config",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("uri", sa.String(1000), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("code_version", sa.String(64), nullable=False),
        sa.Column("champion", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True)),
        sa.Column("by", sa.String(200)),
        sa.Column("replaced", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_config")),
        sa.UniqueConstraint("company", "model", "version", name=op.f("uq_model_config_company_model_version")),
        sa.UniqueConstraint(
            "company", "model", "as_of", "digest", name=op.f("uq_model_config_company_model_as_of_digest")
        ),
        sa.CheckConstraint("status IN ('candidate', 'active', 'retired')", name=op.f("ck_model_config_status")),
    )
    op.create_index(
        "uq_model_config_active",
        "model_config",
        ["company", "model"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_table(
        "training_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_runs")),
        sa.UniqueConstraint("company", "model", "as_of", name=op.f("uq_training_runs_company_model_as_of")),
    )


def downgrade() -> None:
    """The artifacts stay in their folder; which of them served is lost."""
    op.drop_table("training_runs")
    op.drop_table("model_config")
