"""How many independent rows there are: by hand, against the plain variance, and against samples that were drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.distribution import of_numbers
from recs_platform.models.features import Floats
from recs_platform.models.manifest import StoredWindow
from recs_platform.models.sample_size import clustered_rows, indicators, sizes, sizes_of_groups

DAY = date(2025, 12, 1)
CUSTOMER, OFFER = BOTH = ("customer_id", "offer_id")
WINDOW = StoredWindow(DAY, DAY, 100, 10, {CUSTOMER: 30.0, OFFER: 8.0}, (0.0,) * 7)


def crossed(customers: list[str], offers: list[str]) -> pa.Table:
    return pa.table({CUSTOMER: customers, OFFER: offers})


def test_sizes_by_hand() -> None:
    """Ten customers and two offers, each pair once."""
    rows = crossed([f"C{place // 2}" for place in range(20)], ["A", "B"] * 10)
    no_edge = np.empty((20, 0))
    assert vars(sizes((CUSTOMER,), WINDOW, rows, no_edge)) == {"then": 30, "now": 10}
    assert vars(sizes((OFFER,), WINDOW, rows, no_edge)) == {"then": 8, "now": 2}
    # What depends on both is worth about as many as there are offers, if it is the offers that decide: the sums of the
    # offers are 5 and -5, those of the customers 0, and with 20 x 0.25 alone it is (50 + 0 - 5) / 5 times as uncertain.
    by_offer = np.array([[1.0], [0.0]] * 10)
    assert sizes(BOTH, WINDOW, rows, by_offer).now == pytest.approx(20 / 9)
    # ... and all twenty if half of each customer's and half of each offer's rows are on either side. In training there
    # were three times the customers and four times the offers: at least three times the rows.
    by_neither = np.array([[1.0], [0.0], [0.0], [1.0]] * 5)
    assert vars(sizes(BOTH, WINDOW, rows, by_neither)) == {"then": 60, "now": 20}
    assert sizes(BOTH, replace(WINDOW, independent={}), rows, by_neither).then == 20


def test_a_value_that_a_kind_of_business_has_for_a_category_is_one() -> None:
    rows = pa.table({"business_type": ["hotel"] * 8 + ["kiosk"] * 8, "category": (["Fish"] * 4 + ["Dairy"] * 4) * 2})
    assert vars(sizes_of_groups(("business_type", "category"), rows)) == {"then": 4, "now": 4}


keys = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=25)


@given(keys)
def test_clustered_rows_are_those_of_the_plain_variance(rows: list[tuple[int, int, int]]) -> None:
    """The variance of a mean, as a double sum over pairs of rows that share a customer or an offer."""
    customers, offers, values = (np.array(column) for column in zip(*rows, strict=True))
    subjects = [pa.chunked_array([pa.array(column.astype(str))]) for column in (customers, offers)]
    found = clustered_rows(values[:, None].astype(float), subjects)
    off = values - values.mean()
    alone = len(rows) * values.mean() * (1 - values.mean())
    if not alone:
        assert found == len(rows)
        return
    same = [one[:, None] == one[None, :] for one in (customers, offers)]
    products = off[:, None] * off[None, :]
    together = sum(float(products[match].sum()) for match in same) - alone
    assert found == pytest.approx(len(rows) / max(together / alone, 1.0))


def draws(customers: float, offers: float) -> Iterator[tuple[float, float, int]]:
    """Of 400 samples of 80 customers and 20 offers whose habits decide so much: the share of ones, what the sample's
    own clustered rows say of its variance, and its rows."""
    rng = np.random.default_rng(5)
    who, what = (part.ravel() for part in np.meshgrid(np.arange(80), np.arange(20), indexing="ij"))
    subjects = [pa.chunked_array([pa.array(one.astype(str))]) for one in (who, what)]
    for _ in range(400):
        lean = customers * rng.normal(size=80)[who] + offers * rng.normal(size=20)[what]
        ones = (lean + rng.normal(size=len(who)) > 0).astype(float)
        share = ones.mean()
        yield share, share * (1 - share) / clustered_rows(ones[:, None], subjects), len(ones)


@pytest.mark.parametrize(("customers", "offers"), [(0.0, 0.0), (0.7, 0.0), (0.0, 0.7), (0.5, 0.5)])
def test_clustered_rows_tell_how_far_samples_differ(customers: float, offers: float) -> None:
    shares, told, rows = (np.array(one) for one in zip(*draws(customers, offers), strict=True))
    assert np.mean(told) == pytest.approx(shares.var(), rel=0.25)
    if customers or offers:
        assert shares.var() > 4 * 0.25 / rows[0]


def test_only_edges_with_a_tenth_of_the_rows_on_either_side_tell_how_alike_rows_are() -> None:
    """Twenty known values: at most 1 are 5% of them, 2 are 10%, 18 are 90%, 19 are 95%."""
    values = np.array([*range(1, 21), np.nan])
    edges = (1.0, 2.0, 10.0, 18.0, 19.0)
    chosen = indicators(values, of_numbers(values, edges))
    assert chosen.sum(axis=0).tolist() == [2, 10, 18]
    assert chosen[-1].tolist() == [0, 0, 0], "what is missing is below no edge"


def test_one_dear_offer_does_not_make_all_rows_those_of_offers() -> None:
    """Each of 20 customers saw each of 20 offers. One offer is dear for everybody, which says nothing of the others:
    whether theirs is cheap is as often so for each customer and each offer."""
    customer, offer = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(20), indexing="ij"))
    values = np.where(offer == 0, 9.0, 1.0 + (customer + offer) % 2)
    rows = pa.table({CUSTOMER: pa.array(customer.astype(str)), OFFER: pa.array(offer.astype(str))})
    window = StoredWindow(DAY, DAY, 400, 10, {CUSTOMER: 20.0, OFFER: 20.0}, (0.0,) * 7)

    def size(shares: Floats) -> float:
        return sizes(BOTH, window, rows, shares).now

    assert size(indicators(values, of_numbers(values, (1.0, 2.0)))) > 200
    with_the_dear_one = (values[:, None] <= np.array([[1.0, 2.0]])).astype(np.float64)
    assert size(with_the_dear_one) < 22
