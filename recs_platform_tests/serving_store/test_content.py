"""Rows of a table as lists: what is read back is what the table's rows say, whatever they hold."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.serving_store import content
from recs_platform.serving_store.content import Digest, Layout, digest_of, lists_of, plain_lists
from recs_platform.serving_store.protocol import Chunk, customer_key

SCHEMA = pa.schema(
    {
        "as_of": pa.date32(),
        "customer_id": pa.string(),
        "rank": pa.int64(),
        "item": pa.string(),
        "score": pa.float64(),
        "own": pa.bool_(),
        "ends_on": pa.date32(),
        "seen_at": pa.timestamp("us"),
        "tags": pa.list_(pa.string()),
        "email": pa.string(),
    }
)
SHOWN = ("rank", "item", "score", "own", "ends_on", "seen_at", "tags")
LAYOUT = Layout(SHOWN, ("rank",), "customer_id")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
rows = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["a", "b", "é", "", "\x00", "客"]) | texts,
        "item": st.none() | texts,
        "score": st.none() | st.floats(),
        "own": st.none() | st.booleans(),
        "ends_on": st.none() | st.dates(),
        "seen_at": st.none() | st.datetimes(),
        "tags": st.none() | st.lists(st.none() | texts, max_size=3),
        "email": texts,
    }
)


def table(given: Iterable[dict[str, Any]]) -> pa.Table:
    day = datetime.date(2025, 12, 1)
    return pa.Table.from_pylist([{"as_of": day, "rank": n} | row for n, row in enumerate(given)], schema=SCHEMA)


def by_customer(chunks: Iterable[Chunk]) -> dict[bytes, list[dict[str, Any]]]:
    read: dict[bytes, list[dict[str, Any]]] = {}
    for chunk in chunks:
        for key, text in chunk:
            assert key not in read, "a customer has one list"
            read[key] = json.loads(text)
    return read


def as_json(value: Any) -> Any:
    """What JSON can say of a value, written here once more."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime.datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, datetime.date) else value


@given(st.lists(rows, max_size=40), st.integers(1, 7), st.randoms(use_true_random=False))
def test_lists_say_what_the_rows_say(made: list[dict[str, Any]], at_once: int, chance: Any) -> None:
    ranked = list(enumerate(made))
    wanted: dict[bytes, list[dict[str, Any]]] = {}
    for rank, row in ranked:
        shown = {"rank": rank} | {name: as_json(row[name]) for name in SHOWN[1:]}
        wanted.setdefault(customer_key(row["customer_id"]), []).append(shown)
    given_rows = [{"rank": rank, **row} for rank, row in ranked]
    chance.shuffle(given_rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "_ROWS_AT_ONCE", at_once)
        assert by_customer(lists_of(table(given_rows), LAYOUT)) == wanted


@given(st.lists(rows, max_size=20))
def test_lists_that_are_made_row_by_row_say_the_same(made: list[dict[str, Any]]) -> None:
    stored = table(made)
    expected = {customer_key(who): rows for who, rows in plain_lists(stored, LAYOUT).items()}
    assert expected == by_customer(lists_of(stored, LAYOUT))


@given(st.lists(rows, min_size=1, max_size=20))
def test_what_is_personal_or_said_once_is_in_no_list(made: list[dict[str, Any]]) -> None:
    marked = [row | {"email": "ann.secret@mail.example"} for row in made]
    for chunk in lists_of(table(marked), LAYOUT):
        for _, text in chunk:
            assert b"secret" not in text
            assert all(list(row) == list(SHOWN) for row in orjson.loads(text))


def test_all_rows_are_one_list_where_there_are_no_customers() -> None:
    stored = table({"customer_id": c, "item": c} for c in ("b", "a"))
    ((key, text),) = next(iter(lists_of(stored, Layout(("item",), ("item",), None))))
    assert (key, text) == (b"", b'[{"item":"a"},{"item":"b"}]')
    assert plain_lists(stored, Layout(("item",), ("item",), None)) == {"": [{"item": "a"}, {"item": "b"}]}


def test_a_table_without_rows_has_no_lists() -> None:
    for layout in (LAYOUT, Layout(("item",), (), None)):
        assert list(lists_of(table([]), layout)) == []
        assert plain_lists(table([]), layout) == {}


def test_a_list_of_more_rows_than_are_made_at_once_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_ROWS_AT_ONCE", 3)
    stored = table({"customer_id": who, "item": str(n)} for who in "abc" for n in range(7))
    assert {key: len(read) for key, read in by_customer(lists_of(stored, LAYOUT)).items()} == {
        b"a": 7,
        b"b": 7,
        b"c": 7,
    }


alike = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from("abcd"),
        "item": st.sampled_from(["x", "", None]),
        "score": st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, None]),
        "own": st.none() | st.booleans(),
        "seen_at": st.sampled_from([datetime.datetime(2025, 12, 1), None]),
    }
)


@given(st.lists(alike, max_size=40), st.sampled_from([3, 2**62]))
def test_rows_that_are_alike_are_written_as_each_would_be_alone(made: list[dict[str, Any]], most: int) -> None:
    layout = Layout(("item", "score", "own", "seen_at"), ("rank",), "customer_id")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "_MOST_NUMBERS", most)
        together = {key: text for chunk in lists_of(table(made), layout) for key, text in chunk}
    alone: dict[bytes, list[bytes]] = {}
    for row in made:
        ((_, text),) = next(iter(lists_of(table([row]), layout)))
        alone.setdefault(customer_key(row["customer_id"]), []).append(text[1:-1])
    assert together == {key: b"[" + b",".join(texts) + b"]" for key, texts in alone.items()}


def test_customers_who_are_told_the_same_share_one_text() -> None:
    """A million customers of a thousand vehicles do not need a million texts in memory."""
    stored = table({"customer_id": f"{n:03}", "item": "xy"[n % 2]} for n in range(100))
    texts = [text for chunk in lists_of(stored, Layout(("item",), (), "customer_id")) for _, text in chunk]
    assert len({id(text) for text in texts}) == len(set(texts)) == 2


pairs = st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), unique_by=lambda pair: pair[0], max_size=8)


@given(pairs, pairs, st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_digest_tells_lists_apart_and_not_their_order(one: Any, other: Any, chance: Any, at_once: int) -> None:
    shuffled = list(one)
    chance.shuffle(shuffled)
    parts = [shuffled[n : n + at_once] for n in range(0, len(shuffled), at_once)]
    assert str(digest_of(parts)) == str(digest_of([one]))
    assert (str(digest_of([one])) == str(digest_of([other]))) == (dict(one) == dict(other))


def test_a_digest_knows_where_a_customer_ends() -> None:
    assert str(digest_of([[(b"a", b"bc")]])) != str(digest_of([[(b"ab", b"c")]]))
    assert str(Digest()) == str(digest_of([])) == str(digest_of([[]]))


@given(texts, texts)
def test_customers_of_different_ids_have_different_keys(one: str, other: str) -> None:
    assert (customer_key(one) == customer_key(other)) == (one == other)
    assert customer_key(one * 500) != customer_key(other * 501) or not one + other
