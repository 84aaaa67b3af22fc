"""Serving: lists that customers are served, keys, answers and reactions; and where a model's artifact is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LIVE = sa.text("is_live")


def upgrade() -> None:
    op.create_table(
        "served_versions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(80)),
        sa.Column("life_days", sa.Integer(), nullable=False),
        sa.Column("layout", sa.String(32), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_served_versions")),
    )
    op.create_index(
        "uq_served_versions_live",
        "served_versions",
        ["company", "product"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_table(
        "served_lists",
        sa.Column("served_id", _ID, nullable=False),
        sa.Column("customer_key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("served_id", "customer_key", name=op.f("pk_served_lists")),
        sa.ForeignKeyConstraint(
            ["served_id"],
            ["served_versions.id"],
            name=op.f("fk_served_lists_served_id_served_versions"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(80), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_company"), "api_keys", ["company"])
    op.create_table(
        "delivery_keys",
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", name=op.f("pk_delivery_keys")),
    )
    op.create_table(
        "served_answers",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_served_answers")),
    )
    op.create_index(op.f("ix_served_answers_company_received_at"), "served_answers", ["company", "received_at"])
    op.create_table(
        "served_reactions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("company", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("answer_id", sa.String(40)),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("reaction", sa.String(16), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reaction IN ('shown', 'clicked', 'bought')", name=op.f("ck_served_reactions_reaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_served_reactions")),
        sa.UniqueConstraint("company", "event_id", name=op.f("uq_served_reactions_company_event_id")),
    )
    op.create_index(op.f("ix_served_reactions_company_received_at"), "served_reactions", ["company", "received_at"])
    op.add_column("model_config", sa.Column("repository", sa.String(400)))
    op.add_column("model_config", sa.Column("tag", sa.String(128)))
    op.add_column("model_config", sa.Column("artifact_digest", sa.String(80)))


def downgrade() -> None:
    for column in ("artifact_digest", "tag", "repository"):
        op.execute(f"ALTER TABLE model_config DROP COLUMN {column}")
    for table in ("served_reactions", "served_answers", "delivery_keys", "api_keys", "served_lists", "served_versions"):
        op.drop_table(table)
