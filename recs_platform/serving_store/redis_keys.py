"""How a version stands in Redis, as commands; who loads it, blocking or not, sends them (`redis_store.py`,
`refill.py`).

- `recs:COMPANY:PRODUCT:VERSION:LOAD`: a hash with a field per customer, and last the field that says what it is. LOAD
  is drawn for each load, so nobody else writes there, and what is there is of one version. A list and what it is of are
  read by one command.
- `recs:COMPANY:PRODUCT:live`: the name of the hash that customers are served from. To set it is the swap.
- `recs:COMPANY:PRODUCT:before`: that of the version before.
- `recs:COMPANY:PRODUCT:loads`: the names of all hashes, so that the next swap deletes what others left.

All of them expire, a day after the next version is due; a load that was broken off, within the hour. Not here: a
connection.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from recs_platform.serving_store.protocol import Chunk, Served

Command: TypeAlias = tuple[Any, ...]

FIELDS_AT_ONCE = 500
SAYS = b"="
"""The field that says what a hash is. It comes last: a hash without it is not whole."""
_CUSTOMER = b"c"
"""What the fields of customers begin with."""

_UNFINISHED_SECONDS = 3_600
_DAY_SECONDS = 86_400

_FINISH = """
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
_SWAP = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local live = redis.call('GET', KEYS[2]) or ''
if ARGV[3] ~= '*' and ARGV[3] ~= live then return 0 end
if live ~= '' and live ~= KEYS[1] then
  redis.call('SET', KEYS[3], live, 'EX', ARGV[2])
  redis.call('EXPIRE', live, ARGV[2])
end
redis.call('SET', KEYS[2], KEYS[1], 'EX', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[4], ARGV[2])
if ARGV[3] ~= '*' then return 1 end
local before = redis.call('GET', KEYS[3])
for _, load in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  if load ~= KEYS[1] and load ~= before then
    redis.call('UNLINK', load)
    redis.call('SREM', KEYS[4], load)
  end
end
return 1
"""


@dataclass(frozen=True)
class Names:
    """The keys of a company's product."""

    company: str
    product: str

    @property
    def live(self) -> str:
        return self._key("live")

    @property
    def before(self) -> str:
        return self._key("before")

    @property
    def loads(self) -> str:
        return self._key("loads")

    @property
    def turn(self) -> str:
        """Whose turn it is to fill it again."""
        return self._key("turn")

    def new_load(self, version: int) -> str:
        return self._key(f"{version}:{secrets.token_hex(6)}")

    def _key(self, what: str) -> str:
        return f"recs:{self.company}:{self.product}:{what}"


def field_of(key: bytes) -> bytes:
    return _CUSTOMER + key


def key_of(field: bytes) -> bytes | None:
    """The customer of a field; None of the one that says what the hash is."""
    return field[len(_CUSTOMER) :] if field.startswith(_CUSTOMER) else None


def writes(names: Names, load: str, lists: Chunk) -> Iterator[list[Command]]:
    """Commands that put lists into a load, some at a time; each list of commands is a transaction."""
    for first in range(0, len(lists), FIELDS_AT_ONCE):
        pairs = [part for key, text in lists[first : first + FIELDS_AT_ONCE] for part in (_CUSTOMER + key, text)]
        yield [
            ("SADD", names.loads, load),
            ("EXPIRE", names.loads, _DAY_SECONDS, "NX"),
            ("HSET", load, *pairs),
            ("EXPIRE", load, _UNFINISHED_SECONDS),
        ]


def finish(load: str, served: Served) -> Command:
    """Says what was loaded, if all of it is there: 1, or 0."""
    return ("EVAL", _FINISH, 1, load, served.customers, SAYS, served.to_json(), _UNFINISHED_SECONDS)


def swap(load: str, served: Served, *, instead_of: str | None = None) -> Command:
    """Makes a whole load the live one: 1, or 0. Who refills names what is there `instead_of` which it comes (empty for
    nothing), and changes nothing when somebody else came first. Publishers come first, and delete what was left."""
    names = Names(served.company, served.product)
    seconds = (served.life_days + 1) * _DAY_SECONDS
    expected = "*" if instead_of is None else instead_of
    return ("EVAL", _SWAP, 4, load, names.live, names.before, names.loads, SAYS, seconds, expected)
