"""Any customer who has a list in what is live: to prove a publication by, and for people who want to see one."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.platform_db.serving_tables import ServedList, ServedVersion


def example_customer(database: Engine, company: str, product: str) -> str | None:
    """The first by its id; empty of a product that is not for customers one by one."""
    live = (
        select(ServedVersion.id)
        .where(ServedVersion.company == company, ServedVersion.product == product, ServedVersion.is_live)
        .scalar_subquery()
    )
    first = select(ServedList.customer_id).where(ServedList.served_id == live).order_by(ServedList.customer_id).limit(1)
    with Session(database) as session:
        return session.scalar(first)
