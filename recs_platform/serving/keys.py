"""Keys: how they are made, kept and recognised. A company may have several that are valid, so that the old one holds
until the new one is everywhere.

Of a key only a hash is kept. Its secret has 256 bits, so that one round of SHA-256 is enough: nobody tries them all.
Not here: what a key may see (access.py).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from recs_platform.errors import ConfigError
from recs_platform.platform_db.serving_tables import ApiKey

_SHAPE = re.compile(r"recs_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
_NOBODYS_HASH = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
"""What an unknown key is compared with, so that it takes as long as a known one."""


@dataclass(frozen=True)
class KnownKey:
    id: str
    company: str
    secret_hash: str
    note: str
    made_at: datetime
    made_by: str
    revoked_at: datetime | None


def new_key(database: Engine, company: str, note: str, by: str, now: datetime) -> tuple[str, str]:
    """The id of a new key, and the key itself, which nobody can read again."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    with Session(database) as session, session.begin():
        session.add(
            ApiKey(
                id=key_id,
                company=company,
                secret_hash=_hash(secret),
                note=note,
                made_at=now,
                made_by=by,
                revoked_at=None,
            )
        )
    return key_id, f"recs_{key_id}_{secret}"


def known_keys(database: Engine) -> tuple[KnownKey, ...]:
    """All that were ever made, by company and age."""
    with Session(database) as session:
        rows = session.scalars(select(ApiKey).order_by(ApiKey.company, ApiKey.made_at, ApiKey.id))
        return tuple(
            KnownKey(row.id, row.company, row.secret_hash, row.note, row.made_at, row.made_by, row.revoked_at)
            for row in rows
        )


def revoke(database: Engine, key_id: str, now: datetime) -> KnownKey:
    """A key that was revoked before stays so, since then."""
    with Session(database) as session, session.begin():
        still_valid = ApiKey.id == key_id, ApiKey.revoked_at.is_(None)
        session.execute(update(ApiKey).where(*still_valid).values(revoked_at=now))
    found = next((key for key in known_keys(database) if key.id == key_id), None)
    if found is None:
        raise ConfigError(f'no key "{key_id}". `recs keys list` shows them.')
    return found


class KeyRing:
    """The keys at one moment."""

    def __init__(self, keys: tuple[KnownKey, ...]) -> None:
        self.any_was_made = bool(keys)
        """Also one that was revoked: to revoke a company's last key opens nothing."""
        self._valid = {key.id: key for key in keys if key.revoked_at is None}

    def key(self, said: str) -> KnownKey | None:
        """The key that somebody shows, if it is valid."""
        shape = _SHAPE.fullmatch(said)
        known = self._valid.get(shape[1]) if shape else None
        expected = known.secret_hash if known else _NOBODYS_HASH
        right = hmac.compare_digest(_hash(shape[2] if shape else said), expected)
        return known if right else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
