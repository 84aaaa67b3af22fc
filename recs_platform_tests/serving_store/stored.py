"""Versions and lists for tests of serving stores."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from recs_platform.serving_store.protocol import Answer, Chunk, Served, ServingStore, customer_key

COMPANY, PRODUCT = "shop", "recommendations"
ODD = (
    *("", " ", "a/b", "c%2Fd", "Ünïcode 客户 🛒", "nul\x00inside", "new\nline", "'; DROP TABLE", "=", "served"),
    *("x" * 10_000, "x" * 1_000, "é" * 999),
)
"""Ids of customers as feeds have them."""


def draft(version: int, product: str = PRODUCT, life_days: int = 1) -> Served:
    day = datetime.date(2025, 12, 1) + datetime.timedelta(days=version)
    made = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    published = made + datetime.timedelta(hours=30, microseconds=version)
    return Served(COMPANY, product, version, day, made, published, life_days, "layout")


def lists(customers: Iterable[str], says: Any) -> list[Chunk]:
    """A list for each, in two chunks."""
    made = [(customer_key(customer), orjson.dumps([{"for": customer[:20], "says": says}])) for customer in customers]
    return [made[:1], made[1:]]


def put(store: ServingStore, version: int, customers: Iterable[str] = ("ann", "bob"), **more: Any) -> Served:
    """Load a version and swap to it."""
    served = store.load(draft(version, **more), lists(customers, version))
    store.swap(served)
    return served


def said(answer: Answer | None) -> Any:
    """What a list says: its version, as `put` wrote it, which must be the one that the answer names."""
    if answer is None:
        return None
    (row,) = orjson.loads(answer.content)
    assert row["says"] == answer.served.version
    return row["says"]


def stored(store: ServingStore, served: Served) -> Mapping[bytes, bytes]:
    """All lists of a version."""
    with store.lists(served) as chunks:
        return {key: content for chunk in chunks for key, content in chunk}
