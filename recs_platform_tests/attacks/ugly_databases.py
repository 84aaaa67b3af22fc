"""Ugly SQLite files behind the `sql` connector: damage, other files, and values that other databases do not have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from recs_platform_tests.attacks.ugly_shop import Attack, Refused

_QUERY = "SELECT item_id, price FROM goods ORDER BY rowid"
_ROWS = [("a", 1.0), ("b", 2.5)]


def database_attacks() -> Iterator[Attack]:
    whole = _database("CREATE TABLE goods (item_id TEXT, price REAL); INSERT INTO goods VALUES ('a', 1), ('b', 2.5)")
    yield _attack("good", whole, rows=_ROWS)
    for cut in range(0, len(whole), len(whole) // 10):
        yield _attack(f"cut at {cut}", whole[:cut], rows=Refused if cut < len(whole) - 4_000 else None)
    for place in (*range(0, 100, 7), *range(4_000, len(whole), 300)):
        yield _attack(f"flipped at {place}", whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    for name, data in _OTHERS.items():
        yield _attack(name, data, rows=Refused)
    for name, (query, rows) in _QUERIES.items():
        yield _attack(name, whole, query, rows)
    for name, url in _URLS.items():
        yield _attack(name, whole, url=url, rows=_ROWS if name in _REACHED else Refused)


def _attack(
    name: str, data: bytes, query: str = _QUERY, rows: Any = None, url: str = "sqlite:///{folder}/bad/feed.db"
) -> Attack:
    def spoil(folder: Path) -> Mapping[str, Any]:
        for left in (folder / "bad").glob("feed.db*"):
            left.unlink()
        (folder / "bad" / "feed.db").write_bytes(data)
        return {"sources": {"catalog": {"connector": "sql", "url_env": "UGLY_URL", "query": query}}}

    return Attack(f"SQLite {name}", spoil, rows=rows, variables={"UGLY_URL": url})


def _database(script: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        return connection.serialize()


_OTHERS = {
    "nothing": b"",
    "text": b"item_id,price\na,1\n",
    "zeros": b"\x00" * 8_192,
    "noise": bytes((n * n * 31 + n) % 256 for n in range(8_192)),
    "a header alone": b"SQLite format 3\x00",
    "another table": _database("CREATE TABLE bads (x)"),
    "a view of nothing": _database("CREATE VIEW goods AS SELECT * FROM nowhere"),
    "a view of itself": _database("CREATE VIEW goods AS SELECT * FROM goods"),
    "a view that writes": _database("CREATE VIEW goods AS SELECT load_extension('x') AS item_id, 1 AS price"),
}
_QUERIES: dict[str, tuple[str, Any]] = {
    "bytes": ("SELECT x'ff' AS item_id, 1 AS price", Refused),
    "bytes for a number": ("SELECT 'a' AS item_id, x'31' AS price", Refused),
    "text that is no UTF-8": ("SELECT CAST(x'ff41' AS TEXT) AS item_id, 1 AS price", Refused),
    "a huge whole number": ("SELECT 'a' AS item_id, 9223372036854775807 AS price", [("a", float(2**63 - 1))]),
    "beyond it": ("SELECT 'a' AS item_id, 9223372036854775807 + 1 AS price", [("a", float(2**63))]),
    "infinity": ("SELECT 'a' AS item_id, 9e999 AS price", [("a", None)]),
    "no number": ("SELECT 'a' AS item_id, 9e999 - 9e999 AS price", [("a", None)]),
    "words for a number": ("SELECT 'a' AS item_id, 'dear' AS price", [("a", None)]),
    "a zero in a text": ("SELECT 'a' || char(0) || 'b' AS item_id, 1 AS price", None),
    "a name twice": ("SELECT 1 AS item_id, 2 AS price, 3 AS price", Refused),
    "no name": ("SELECT 1, 2", Refused),
    "a name of 10,000": (f'SELECT 1 AS item_id, 2 AS price, 3 AS "{"n" * 10_000}"', [("1", 2.0)]),
    "1,900 columns": (f"SELECT 1 AS item_id, 2 AS price{''.join(f',{n} AS c{n}' for n in range(1_900))}", [("1", 2.0)]),
    "3,000 columns": (f"SELECT 1 AS item_id, 2 AS price{''.join(f', {n} AS c{n}' for n in range(3_000))}", Refused),
    "a text of 20 MB": ("SELECT 'a' AS item_id, 1 AS price, hex(zeroblob(10000000)) AS name", [("a", 1.0)]),
    "a text of 2 GB": ("SELECT 'a' AS item_id, 1 AS price, hex(zeroblob(999999999)) AS name", Refused),
    "deep brackets": (f"SELECT 1 AS item_id, {'(' * 500}2{')' * 500} AS price", None),
    "no rows": ("SELECT item_id, price FROM goods WHERE 0", []),
    "another word": ("SELEKT 1", Refused),
    "half a query": ("SELECT item_id, price FROM", Refused),
    "an unknown function": ("SELECT nothing(1) AS item_id, 2 AS price", Refused),
    "values mixed": (
        "SELECT 'a' AS item_id, 1 AS price UNION ALL SELECT 2, 'x' UNION ALL SELECT NULL, NULL",
        [("a", 1.0), ("2", None), (None, None)],
    ),
    "an error further on": ("SELECT item_id, abs(price - 9223372036854775807 - 1.0) AS price FROM goods", None),
    "a day": ("SELECT :as_of AS item_id, 1 AS price", [("2025-09-01", 1.0)]),
    "a day twice": ("SELECT :as_of || :as_of AS item_id, 1 AS price", [("2025-09-012025-09-01", 1.0)]),
}  # fmt: skip
_URLS = {
    "a path with options": "sqlite:///{folder}/bad/feed.db?timeout=1",
    "a path with wrong options": "sqlite:///{folder}/bad/feed.db?timeout=x",
    "a mode of its own": "sqlite:///{folder}/bad/feed.db?mode=rwc&uri=true",
    "in memory": "sqlite://",
    "in memory by name": "sqlite:///:memory:",
    "a file that is not there": "sqlite:///{folder}/bad/gone.db",
    "a folder": "sqlite:///{folder}/bad",
    "a path of 5,000": f"sqlite:////{'x' * 5_000}",
    "a host": "sqlite://host/feed.db",
    "nothing": " ",
    "a word": "feed.db",
    "lines": "sqlite:///\nfeed.db",
    "a zero by number": "sqlite:///feed%00.db",
    "no port": "postgresql+psycopg://a:b@host:port/x",
    "a driver that is not there": "mysql+nothing://a:b@host/x",
    "an asynchronous driver": "sqlite+aiosqlite:///{folder}/bad/feed.db",
    "an encrypted one": "sqlite+pysqlcipher://:secret@/{folder}/bad/feed.db",
    "another driver": "postgresql+pg8000://a:secret@localhost/x",
    "a closed port": "postgresql+psycopg://a:secret@127.0.0.1:1/x?connect_timeout=1",
}
_REACHED = {"a path with options", "a mode of its own"}
