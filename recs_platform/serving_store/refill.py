"""Filling Redis again from the platform database, in the background of a service that answers meanwhile.

A little at a time, so that no request waits for it. One service of all that ask does it: it holds a key with a short
life. It changes nothing when a publisher came first. Not here: when it is due (`reader.py`).
"""

from __future__ import annotations

import secrets

from recs_platform.errors import PlatformError
from recs_platform.serving_store.content import Digest
from recs_platform.serving_store.database_reader import DatabaseReader
from recs_platform.serving_store.database_reader import Found as Truth
from recs_platform.serving_store.redis_keys import Names, finish, swap, writes
from recs_platform.serving_store.redis_reader import RedisReader

_LISTS_AT_ONCE = 100
_SECONDS = 5.0
"""How long Redis may take for some lists; nobody waits for it."""
_TURN_SECONDS = 60
"""The life of the key that says whose turn it is, since its holder last wrote."""


async def refill(database: DatabaseReader, redis: RedisReader, truth: Truth, instead_of: str) -> bool:
    """Load a version and swap to it, instead of what Redis holds as live (nothing: an empty name). False when somebody
    else is at it, or came first. Raises a PlatformError when either does not answer."""
    served = truth.served
    names, token = Names(served.company, served.product), secrets.token_hex(8)
    (taken,) = await redis.ask(("SET", names.turn, token, "NX", "EX", _TURN_SECONDS), seconds=_SECONDS)
    if not taken:
        return False
    try:
        return await _load(database, redis, truth, instead_of)
    finally:
        await _let_go(redis, names)


async def _load(database: DatabaseReader, redis: RedisReader, truth: Truth, instead_of: str) -> bool:
    served, digest, after = truth.served, Digest(), None
    names = Names(served.company, served.product)
    load = names.new_load(served.version)
    while lists := await database.some(truth.id, after, _LISTS_AT_ONCE):
        digest.add(lists)
        for commands in writes(names, load, lists):
            await redis.ask(*commands, ("EXPIRE", names.turn, _TURN_SECONDS), seconds=_SECONDS)
        after = lists[-1][0]
    if served.filled(digest.customers, str(digest)) != served:
        return False
    (finished,) = await redis.ask(finish(load, served), seconds=_SECONDS)
    if not finished:
        return False
    (swapped,) = await redis.ask(swap(load, served, instead_of=instead_of), seconds=_SECONDS)
    return bool(swapped)


async def _let_go(redis: RedisReader, names: Names) -> None:
    try:
        await redis.ask(("DEL", names.turn), seconds=_SECONDS)
    except PlatformError:
        return  # it expires
