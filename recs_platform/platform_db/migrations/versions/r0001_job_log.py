"""The job log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "job_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("job", sa.String(200), nullable=False),
        sa.Column("strategy", sa.String(64), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("assets", sa.Integer()),
        sa.Column("rows", sa.BigInteger()),
        sa.Column("checks_passed", sa.Integer()),
        sa.Column("checks_warned", sa.Integer()),
        sa.Column("checks_failed", sa.Integer()),
        sa.Column("seconds", sa.Double()),
        sa.Column("message", sa.String(2000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_log")),
        sa.UniqueConstraint("run_id", name=op.f("uq_job_log_run_id")),
        sa.CheckConstraint("first_date <= last_date", name=op.f("ck_job_log_dates_in_order")),
        sa.CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'canceled')", name=op.f("ck_job_log_status")
        ),
    )
    op.create_index(op.f("ix_job_log_started_at"), "job_log", ["started_at"])
    op.create_index(op.f("ix_job_log_company_started_at"), "job_log", ["company", "started_at"])


def downgrade() -> None:
    op.drop_table("job_log")
