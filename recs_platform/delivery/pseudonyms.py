"""The key that a company's pseudonyms are made with. It is made when it is first needed, and stays."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from recs_platform.platform_db.serving_tables import DeliveryKey

_BYTES = 32


def delivery_key(database: Engine, company: str, now: datetime) -> bytes:
    known = _known(database, company)
    if known is not None:
        return known
    try:
        with Session(database) as session, session.begin():
            session.add(DeliveryKey(company=company, secret=secrets.token_bytes(_BYTES), made_at=now))
    except IntegrityError:
        pass  # somebody else was faster
    made = _known(database, company)
    assert made is not None  # noqa: S101  (it is there, whoever made it)
    return made


def _known(database: Engine, company: str) -> bytes | None:
    with Session(database) as session:
        return session.scalar(select(DeliveryKey.secret).where(DeliveryKey.company == company))
