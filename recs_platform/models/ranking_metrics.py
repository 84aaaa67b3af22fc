"""How good lists are, and what probabilities promise: the figures of the offline evaluation.

Sorting well over all pairs (`metrics.py`) proves little about the few offers that each customer is shown. Lists are
judged per customer, so that customers can be averaged, resampled or compared; a figure without a value is NaN, and
`mean` leaves it out.

Rows that nothing tells apart share their places: each figure is what all orders of them give on average, in closed
form. So an order by accident, such as that of ids, earns nothing. Not here: what to recommend, and drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recs_platform.models.features import Bools, Floats
from recs_platform.statistics.intervals import Interval

Ints: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[Any]
BINS = 10


@dataclass(frozen=True)
class Lists:
    """Every customer's list, row by row: by customer, then by rank, whatever the order in which rows were given.

    Rows of equal rank are tied: they share the places behind those that rank before all of them."""

    customers: Values
    """Their names, sorted: figures per customer stand in this order."""
    customer: Ints
    """Of each row, its place among `customers`."""
    before: Ints
    """Of each row, how many of the customer's rows rank before it."""
    tied: Ints
    """Of each row, how many share its rank, itself among them."""
    relevant: Bools
    wanted: Ints
    """Per customer, the relevant items of the whole list, beyond its first k, too."""
    order: Ints
    """Where each row stood in the columns that were given."""

    def seats(self, k: int) -> Ints:
        """Of each row, how many of the first k places go to the rows of its rank."""
        if k < 1:
            raise ValueError(f"the first {k} places are no list")
        return np.clip(k - self.before, 0, self.tied)

    def top(self, k: int) -> Floats:
        """The chance of each row to be among its customer's first k places: 1 or 0, and between them where tied rows
        share the last places."""
        share: Floats = self.seats(k) / self.tied
        return share

    def over_seats(self, worth: Floats, k: int) -> Floats:
        """What each row may expect of places that are worth this, from the first place on; nothing beyond k."""
        summed = np.concatenate([[0.0], np.cumsum(worth[:k])])
        first = np.minimum(self.before, k)
        expected: Floats = (summed[first + self.seats(k)] - summed[first]) / self.tied
        return expected

    def column(self, values: npt.ArrayLike) -> Values:
        """A column that was given with the rows, in their order here."""
        given = np.asarray(values)
        if len(given) != len(self.order):
            raise ValueError(f"{len(given)} values for {len(self.order)} rows")
        return given[self.order]

    def sums(self, values: Values) -> Floats:
        """Per customer."""
        return np.bincount(self.customer, values, minlength=len(self.customers)).astype(np.float64)


def lists(
    customers: npt.ArrayLike,
    ranks: npt.ArrayLike,
    relevant: npt.ArrayLike,
    *,
    items: npt.ArrayLike | None = None,
) -> Lists:
    """Read lists from columns. The rank given decides the order; rows of equal rank are tied. An item twice in a
    customer's list is refused. Ranks may start anywhere and leave gaps. The lists are taken to hold all that is
    relevant.

    >>> ranked = lists(["B", "A", "A", "A"], [1, 5, 2, 5], [False, True, True, False])
    >>> ranked.customers.tolist(), ranked.before.tolist(), ranked.tied.tolist(), ranked.wanted.tolist()
    (['A', 'B'], [0, 1, 1, 0], [1, 2, 2, 1], [2, 0])
    """
    listed, rank, hit = np.asarray(customers), np.asarray(ranks), np.asarray(relevant)
    if not len(listed) == len(rank) == len(hit):
        raise ValueError(f"{len(listed)} customers, {len(rank)} ranks and {len(hit)} outcomes are not the same rows")
    if len(listed) and not (rank.dtype.kind in "iu" and hit.dtype.kind == "b"):
        raise ValueError("a rank is a whole number and an outcome true or false, in every row")
    names, code = _coded(listed)
    if items is not None:
        _each_once(names, code, _coded(np.asarray(items))[1])
    # Among tied rows those that are relevant come first, so that sums are the same to the last bit.
    order = np.lexsort((~hit.astype(np.bool_), rank, code))
    code, rank, hit = code[order], rank[order], hit[order].astype(np.bool_)
    wanted = np.bincount(code[hit], minlength=len(names))
    rows = np.arange(len(code))
    first = np.searchsorted(code, np.arange(len(names)))
    opens = np.ones(len(code), dtype=np.bool_)
    opens[1:] = (np.diff(code) != 0) | (rank[1:] != rank[:-1])
    group = np.cumsum(opens) - 1
    before = rows[opens][group] - first[code]
    return Lists(names, code, before, np.bincount(group)[group] if len(code) else before, hit, wanted, order)


def ranks(scores: Floats) -> Ints:
    """Each row's rank, the highest score first; equal scores share one, so that nothing else decides.

    >>> ranks(np.array([0.2, 0.9, 0.2])).tolist()
    [1, 0, 1]
    """
    of: Ints = np.unique(-np.asarray(scores), return_inverse=True)[1].reshape(-1)
    return of


def mean(figures: Floats) -> float | None:
    """Over the customers for whom the figure has a value; None when it has none for anybody."""
    values = figures[~np.isnan(figures)]
    return float(values.mean()) if len(values) else None


def precision(ranked: Lists, k: int) -> Floats:
    """hits / k. Empty places are misses; a customer who wanted nothing has 0.

    >>> precision(lists(["A", "A", "A"], [1, 2, 3], [True, False, True]), k=4)  # 2 of 4 places
    array([0.5])
    """
    return ranked.sums(ranked.relevant * ranked.top(k)) / k


def recall(ranked: Lists, k: int) -> Floats:
    """hits / wanted; NaN for a customer who wanted nothing. Above k wanted items, 1 cannot be reached.

    >>> recall(lists(["A", "A", "A"], [1, 2, 3], [True, False, True]), k=2)  # 1 of 2
    array([0.5])
    """
    return _over(ranked.sums(ranked.relevant * ranked.top(k)), ranked.wanted)


def ndcg(ranked: Lists, k: int) -> Floats:
    """Hits discounted by place, sum of 1 / log2(place + 1), over what the best list would have; NaN as for recall.

    >>> ndcg(lists(["A", "A", "A"], [1, 2, 3], [False, False, True]), k=3)  # 1 / log2(4), where the best list has 1
    array([0.5])
    >>> ndcg(lists(["A", "A", "A"], [1, 1, 1], [False, False, True]), k=1)  # one of three orders has it first
    array([0.33333333])
    """
    worth = 1 / np.log2(np.arange(1, k + 1) + 1)
    best = np.concatenate([[0.0], np.cumsum(worth)])[np.minimum(ranked.wanted, k)]
    return _over(ranked.sums(ranked.relevant * ranked.over_seats(worth, k)), best)


def average_precision(ranked: Lists, k: int) -> Floats:
    """The precision at each hit's place, summed, over min(wanted, k); NaN as for recall. Its mean is MAP@k.

    >>> average_precision(lists(["A", "A", "A"], [1, 2, 3], [True, False, True]), k=3).round(4)  # (1/1 + 2/3) / 2
    array([0.8333])
    """
    rows, summed = np.arange(len(ranked.customer)), np.concatenate([[0], np.cumsum(ranked.relevant)])
    start = np.searchsorted(ranked.customer, ranked.customer)  # the row of the same customer's first place
    group = start + ranked.before  # the first row of the same rank
    hits_before = summed[group] - summed[start]
    alike = summed[group + ranked.tied] - summed[group] - 1  # of the same rank, besides itself
    # At place p of the group that begins behind b places, (p - b - 1) of the others stand before it, each of them with
    # equal chance: the precision there is (hits before + 1 + (p - b - 1) * share) / p.
    share = np.divide(alike, ranked.tied - 1, out=np.zeros(len(rows)), where=ranked.tied > 1)
    one_over_place = ranked.over_seats(1 / np.arange(1, k + 1), k)
    precise = (hits_before + 1 - share * (ranked.before + 1)) * one_over_place + share * ranked.top(k)
    return _over(ranked.sums(ranked.relevant * precise), np.minimum(ranked.wanted, k))


def earned(ranked: Lists, margins: npt.ArrayLike, k: int) -> Floats:
    """Per customer, the margins of the first k places, summed. Margins per row: probability x margin for what is
    expected, margin where redeemed and 0 elsewhere for what was realised. An offer that was never shown realised
    nothing, so what was realised is compared fairly only where both lists order the same shown offers.

    >>> earned(lists(["A", "A", "B"], [2, 1, 1], [True, False, False]), [3.0, 2.0, 1.0], k=1)
    array([2., 1.])
    """
    return ranked.sums(ranked.top(k) * ranked.column(margins))


def lift(ours: Floats, baseline: Floats) -> float | None:
    """How far one sum is above another; None unless the baseline earns something.

    >>> lift(np.array([3.0, 0.0]), np.array([1.0, 1.0]))
    0.5
    """
    usual = float(baseline.sum())
    return float(ours.sum()) / usual - 1 if usual > 0 else None


def coverage(ranked: Lists, items: npt.ArrayLike, k: int, catalogue: int) -> float | None:
    """The share of the catalogue's items that stand in anybody's first k places; None without a catalogue. Customers'
    ties fall independently of each other.

    >>> coverage(lists(["A", "B"], [1, 1], [True, False]), ["tea", "tea"], k=1, catalogue=4)
    0.25
    """
    chance = ranked.top(k)
    names, item = _coded(ranked.column(items)[chance > 0])
    if len(names) > catalogue:
        raise ValueError(f"{len(names)} items are recommended, but the catalogue has {catalogue}")
    nobody = np.ones(len(names))
    np.multiply.at(nobody, item, 1 - chance[chance > 0])
    return float((1 - nobody).sum()) / catalogue if catalogue else None


def diversity(ranked: Lists, categories: npt.ArrayLike, k: int) -> Floats:
    """The share of pairs among the first k items that differ in category; NaN with fewer than two items.

    >>> diversity(lists(["A"] * 3, [1, 2, 3], [False] * 3), ["tea", "tea", "milk"], k=3).round(4)  # 2 of 3 pairs
    array([0.6667])
    """
    chance = ranked.top(k)
    is_in = chance > 0
    names, category = _coded(ranked.column(categories)[is_in])
    seats, tied = ranked.seats(k)[is_in], ranked.tied[is_in]
    is_sure = seats == tied
    cells, cell = np.unique(ranked.customer[is_in] * len(names) + category, return_inverse=True)
    sure, unsure = (np.bincount(cell, rows, minlength=len(cells)) for rows in (is_sure, ~is_sure))
    # All rows of a customer that are not sure of a place are of one rank: they share its seats, two at a time.
    one, two = np.zeros(len(cells)), np.zeros(len(cells))
    one[cell[~is_sure]] = (seats / tied)[~is_sure]
    two[cell[~is_sure]] = (seats * (seats - 1) / (tied * np.maximum(tied - 1, 1)))[~is_sure]
    pairs = sure * (sure - 1) + 2 * sure * unsure * one + unsure * (unsure - 1) * two
    alike = np.bincount(cells // max(len(names), 1), pairs, minlength=len(ranked.customers))
    shown = ranked.sums(chance).round()
    return 1 - _over(alike, shown * (shown - 1))


def novelty(ranked: Lists, known_to: npt.ArrayLike, people: int, k: int) -> Floats:
    """The mean of -log2(share of people who know the item), in bits.

    One more who knows it and one more person are counted, so that an item that nobody knows has a finite value.

    >>> novelty(lists(["A", "A"], [1, 2], [False, False]), [1, 7], people=7, k=2)  # shares 2/8 and 8/8: (2 + 0) / 2
    array([1.])
    """
    bits = -np.log2((ranked.column(known_to) + 1) / (people + 1))
    top = ranked.top(k)
    return _over(ranked.sums(top * bits), ranked.sums(top))


@dataclass(frozen=True)
class CalibrationBin:
    """The mean probability, and the share of successes with its interval."""

    rows: int
    promised: float
    happened: Interval


def lift_by_decile(labels: Bools, scores: Floats, parts: int = BINS) -> Floats:
    """How much more often successes come in each tenth of the examples than in all; the highest scores first. NaN
    without a success. Equal scores are shared out evenly, so the order of rows decides nothing.

    In halves below, the upper one has 1 success of 1.5, as two examples share the score 0.4.

    >>> lift_by_decile(np.array([True, True, False, False]), np.array([0.8, 0.4, 0.4, 0.1]), parts=2)
    array([1.5, 0.5])
    """
    examples, successes, _ = _at_or_above(labels, scores)
    ends = np.arange(parts + 1) / parts * len(labels)
    reached = np.interp(ends, np.concatenate([[0], examples]), np.concatenate([[0], successes]))
    return _over(np.diff(reached) * parts, np.full(parts, labels.sum()))


def precision_recall(labels: Bools, scores: Floats, points: int | None = None) -> tuple[Floats, Floats, Floats]:
    """Thresholds, the highest first; the share of successes at or above each, and the share of all successes that they
    are (NaN without a success). One per score; with `points`, that many at most, evenly over the examples' ranks.

    >>> at, precise, recalled = precision_recall(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))
    >>> at.tolist(), precise.round(4).tolist(), recalled.tolist()
    ([0.9, 0.5], [1.0, 0.6667], [0.5, 1.0])
    """
    examples, successes, thresholds = _at_or_above(labels, scores)
    if points is not None and points < len(examples):
        ends = np.arange(1, points + 1) / points * len(labels)
        chosen = np.unique(np.searchsorted(examples, ends - 1e-9))
        examples, successes, thresholds = examples[chosen], successes[chosen], thresholds[chosen]
    return thresholds, successes / examples, _over(successes, np.full(len(examples), labels.sum()))


def _over(above: Values, below: Values) -> Floats:
    """Row by row; NaN where there is nothing to divide by."""
    ratios = np.full(len(above), np.nan)
    np.divide(above, below, out=ratios, where=below > 0)
    return ratios


def _coded(values: Values) -> tuple[Values, Ints]:
    """The distinct values, sorted, and where each value stands among them."""
    # Arrow's hash is many times faster on text than a sort; only the distinct values are sorted.
    encoded = pa.array(values).dictionary_encode()
    if encoded.null_count:
        raise ValueError(f"{encoded.null_count} rows do not say of whom or of what they are")
    distinct = np.asarray(encoded.dictionary.to_numpy(zero_copy_only=False))
    ordered = np.argsort(distinct, kind="stable")
    codes = np.empty(len(distinct), dtype=np.int64)
    codes[ordered] = np.arange(len(distinct))
    return distinct[ordered], codes[np.asarray(encoded.indices, dtype=np.int64)]


def _each_once(names: Values, code: Ints, items: Ints) -> None:
    order = np.lexsort((items, code))
    twice = (np.diff(code[order]) == 0) & (np.diff(items[order]) == 0)
    if twice.any():
        raise ValueError(f"{names[code[order][1:][twice][0]]}: the same item stands in the list twice")


def _at_or_above(labels: Bools, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """How many examples and successes are at or above each score, and the score; the highest first."""
    distinct, of = np.unique(scores, return_inverse=True)
    examples, successes = np.bincount(of)[::-1], np.bincount(of, labels)[::-1]
    return np.cumsum(examples).astype(np.float64), np.cumsum(successes), distinct[::-1]
