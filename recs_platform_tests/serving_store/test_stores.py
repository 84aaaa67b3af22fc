"""What every serving store does: versions are loaded where nobody sees them, swapped in one step, and read back.

Not here: what the service reads (test_reader.py).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from recs_platform.errors import StorageError
from recs_platform.serving_store.content import digest_of
from recs_platform.serving_store.protocol import ServingStore, Source, customer_key
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform_tests.serving_store.stored import COMPANY, ODD, PRODUCT, draft, lists, put, said, stored


def test_a_version_is_seen_by_nobody_before_the_swap(store: ServingStore) -> None:
    assert store.served(COMPANY, PRODUCT) is None
    assert store.customer(COMPANY, PRODUCT, "ann") is None
    loaded = store.load(draft(1), lists(["ann", "bob"], 1))
    assert store.served(COMPANY, PRODUCT) is None
    assert store.customer(COMPANY, PRODUCT, "ann") is None
    store.swap(loaded)
    assert store.served(COMPANY, PRODUCT) == loaded == draft(1).filled(2, loaded.digest)
    assert said(store.customer(COMPANY, PRODUCT, "ann")) == 1
    second = store.load(draft(2), lists(["bob", "cid"], 2))
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("ann", "bob", "cid")] == [1, 1, None]
    store.swap(second)
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("ann", "bob", "cid")] == [None, 2, 2]


def test_an_answer_says_what_it_is_of_and_who_gave_it(store: ServingStore) -> None:
    served = put(store, 1)
    answer = store.customer(COMPANY, PRODUCT, "ann")
    assert answer is not None
    assert answer.served == served
    assert answer.content == b'[{"for":"ann","says":1}]'
    assert answer.source is (Source.REDIS if isinstance(store, RedisStore) else Source.DATABASE)


def test_customers_are_found_by_whatever_id_they_have(store: ServingStore) -> None:
    served = put(store, 1, ODD)
    assert served.customers == len(ODD)
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ODD] == [1] * len(ODD)
    for nobody in ("A/B", "  ", "nul", "x" * 9_999, "é" * 998, "c/d"):
        assert store.customer(COMPANY, PRODUCT, nobody) is None
    assert set(stored(store, served)) == {customer_key(who) for who in ODD}


def test_all_lists_are_read_back_with_the_digest_they_were_loaded_with(store: ServingStore) -> None:
    many = [f"c{n}" for n in range(12_345)]
    served = put(store, 1, many)
    with store.lists(served) as chunks:
        read = digest_of(chunks)
    assert (read.customers, str(read)) == (served.customers, served.digest) == (len(many), served.digest)


def test_who_stops_reading_lists_early_lets_go_of_the_store(store: ServingStore) -> None:
    served = put(store, 1, [f"c{n}" for n in range(12_345)])
    for _ in range(20):
        with store.lists(served) as chunks:
            assert next(chunks)
    put(store, 2)
    assert stored(store, put(store, 3)).keys() == {b"ann", b"bob"}


def test_an_empty_version_is_served_and_has_nobody(store: ServingStore) -> None:
    put(store, 1)
    served = put(store, 2, ())
    assert store.served(COMPANY, PRODUCT) == served
    assert served.customers == 0
    assert stored(store, served) == {}
    assert store.customer(COMPANY, PRODUCT, "ann") is None


def test_products_and_companies_are_apart(store: ServingStore) -> None:
    put(store, 3)
    put(store, 7, [""], product="allocation")
    assert said(store.customer(COMPANY, "allocation", "")) == 7
    assert said(store.customer(COMPANY, PRODUCT, "ann")) == 3
    assert store.customer(COMPANY, PRODUCT, "") is None
    assert store.served("other", PRODUCT) is None


def test_a_version_that_is_loaded_again_begins_anew(store: ServingStore) -> None:
    put(store, 1)
    store.load(draft(2), lists(["bob", "ghost"], 2))
    again = store.load(draft(2), lists(["cid"], 2))
    store.swap(again)
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("bob", "ghost", "cid")] == [None, None, 2]


def test_a_live_version_is_replaced_by_one_of_its_number(store: ServingStore) -> None:
    put(store, 1)
    live = put(store, 2)
    other = store.load(replace(live.draft, layout="other"), lists(["cid"], 2))
    assert store.served(COMPANY, PRODUCT) == live
    store.swap(other)
    assert store.served(COMPANY, PRODUCT) == other
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("ann", "cid")] == [None, 2]


def test_a_store_goes_back(store: ServingStore) -> None:
    put(store, 1)
    put(store, 2)
    put(store, 3, ["ann"])
    put(store, 1)
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("ann", "bob")] == [1, 1]


def test_a_version_that_was_not_loaded_is_not_swapped_to(store: ServingStore) -> None:
    put(store, 1)
    broken = iter([lists(["ann", "bob"], 2)[0]])
    with pytest.raises(RuntimeError):
        store.load(draft(2), _breaks_off(broken))
    for never in (draft(2).filled(2, "x"), draft(2)):
        with pytest.raises(StorageError, match="does not hold version 2"):
            store.swap(never)
    assert [said(store.customer(COMPANY, PRODUCT, who)) for who in ("ann", "bob")] == [1, 1]


def _breaks_off(chunks):  # type: ignore[no-untyped-def]
    yield from chunks
    raise RuntimeError
