"""The raw scores of LightGBM's trees for many rows at once: the same bits as LightGBM's own, in a fifth of its time.

A condition of a split is asked once of all rows, however many splits have it, and the answers are kept as a plane: a
bit per row. Which rows reach a node is a plane, too, so a split of 64 rows is one AND. Every row's leaf is then looked
up, and leaves are added tree by tree, as LightGBM adds them.

Not here: the trees' text as a whole (`boosted.py`), and few rows, for which LightGBM is faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recs_platform.models.features import Bools, Floats

MOST_LEAVES = 64
"""Of a tree: two rows' leaves are looked up at once, in a table of all pairs."""
LARGEST_PART = 131_072
"""Rows whose planes fit the processor's caches."""
Plane: TypeAlias = npt.NDArray[np.uint64]
_WORD = 64
_ZERO = 1.0000000180025095e-35
"""LightGBM takes numbers up to this, and down to minus this, for zero."""
_CATEGORY, _DEFAULT_LEFT, _MISSING, _ZERO_IS_MISSING = 1, 2, 12, 4


@dataclass(frozen=True)
class _Condition:
    """Who goes left: numbers up to `most`, or the categories among some."""

    feature: int
    most: float
    nan_left: bool
    categories: tuple[int, ...] | None
    """Words of 32 bits, one per category."""

    def plane(self, values: Floats, answer: Bools) -> Plane:
        """`answer` has room for the values, up to a whole word."""
        asked = answer[: len(values)]
        if self.categories is not None:
            asked[:] = _are_among(self.categories, values)
        elif self.nan_left:
            np.greater(values, self.most, out=asked)
        else:
            np.less_equal(values, self.most, out=asked)
        packed: Plane = np.packbits(answer).view(np.uint64)
        return ~packed if self.nan_left else packed


@dataclass(frozen=True)
class _Tree:
    splits: tuple[tuple[int, int, int], ...]
    """The place of its condition, of the plane that it splits, and of the plane to the left; that to the right is the
    next one. Plane 0 holds all rows."""
    bits: tuple[tuple[int, ...], ...]
    """The planes that make up each bit of the leaf's number, the lowest first."""
    pairs: npt.NDArray[np.complex128]
    """The values of two leaves, by both their numbers."""


class UnknownTreesError(ValueError):
    """Trees that are not of this kind: LightGBM alone reads them."""


@dataclass(frozen=True)
class TreePlanes:
    conditions: tuple[_Condition, ...]
    trees: tuple[_Tree, ...]

    @classmethod
    def read(cls, text: str) -> TreePlanes:
        """From LightGBM's text, which is whole; an UnknownTreesError where only LightGBM can read it."""
        head, *trees = text.partition("\nend of trees")[0].split("\n\nTree=")
        places: dict[_Condition, int] = {}
        try:
            _require(_fields(head)["num_tree_per_iteration"] == "1" and "average_output" not in _fields(head))
            read = tuple(_tree(_fields(tree), places) for tree in trees)
        except (KeyError, IndexError, ValueError) as error:
            raise UnknownTreesError(f"these trees are read by LightGBM alone: {error}") from error
        return cls(tuple(places), read)

    def raw_scores(self, matrix: Floats) -> Floats:
        """Faster of a matrix whose columns are contiguous."""
        raw = np.empty(len(matrix))
        for start in range(0, len(matrix), LARGEST_PART):
            part = slice(start, start + LARGEST_PART)
            raw[part] = self._of_part(matrix[part])
        return raw

    def _of_part(self, matrix: Floats) -> Floats:
        answers = self._answers(matrix)
        rows = answers.shape[1] * _WORD
        total, values = np.zeros(rows), np.empty(rows)
        for tree in self.trees:
            np.take(tree.pairs, _leaves(tree, answers).view(np.uint16), out=values.view(np.complex128), mode="clip")
            total += values
        return total[: len(matrix)]

    def _answers(self, matrix: Floats) -> Plane:
        """A plane per condition."""
        words = -(-len(matrix) // _WORD)
        answers, answer = np.empty((len(self.conditions), words), np.uint64), np.zeros(words * _WORD, np.bool_)
        for feature, places in self._of_feature.items():
            values = np.ascontiguousarray(matrix[:, feature])
            for place in places:
                answers[place] = self.conditions[place].plane(values, answer)
        return answers

    @cached_property
    def _of_feature(self) -> Mapping[int, list[int]]:
        """The places of the conditions of each feature."""
        places: dict[int, list[int]] = {}
        for place, condition in enumerate(self.conditions):
            places.setdefault(condition.feature, []).append(place)
        return places


def _are_among(categories: tuple[int, ...], values: Floats) -> Bools:
    among = np.unpackbits(np.array((*categories, 0), dtype="<u4").view(np.uint8), bitorder="little").view(np.bool_)
    nowhere = len(among) - 1
    # Above -1, because LightGBM cuts fractions off.
    is_there = (values > -1) & (values < nowhere)
    found: Bools = among[np.where(is_there, values, nowhere).astype(np.intp)]
    return found


def _leaves(tree: _Tree, answers: Plane) -> npt.NDArray[np.uint8]:
    """The number of the leaf that each row comes to."""
    planes: list[Any] = [None] * (2 * len(tree.splits) + 1)
    for condition, parent, left in tree.splits:
        if parent == 0:
            planes[left] = answers[condition]
            planes[left + 1] = ~answers[condition]
        else:
            planes[left] = planes[parent] & answers[condition]
            planes[left + 1] = planes[parent] ^ planes[left]
    bits = np.empty((len(tree.bits), answers.shape[1]), np.uint64)
    for bit, (first, *others) in zip(bits, tree.bits, strict=True):
        bit[:] = planes[first]
        for other in others:
            bit |= planes[other]
    unpacked = np.unpackbits(bits.view(np.uint8), axis=1)
    number: npt.NDArray[np.uint8] = unpacked[-1]
    for one in unpacked[-2::-1]:
        # Shifting bytes takes ten times as long.
        number += number
        number += one
    return number


def _tree(fields: Mapping[str, str], places: dict[_Condition, int]) -> _Tree:
    leaves = int(fields["num_leaves"])
    _require(2 <= leaves <= MOST_LEAVES and fields.get("is_linear", "0") == "0")
    left, right = _whole(fields["left_child"]), _whole(fields["right_child"])
    conditions = [places.setdefault(one, len(places)) for one in _conditions(fields)]
    splits: list[tuple[int, int, int]] = []
    below: dict[int, int] = {}
    order: list[int] = []
    waiting = [(0, 0)]
    while waiting:
        child, plane = waiting.pop()
        if child < 0:
            order.append(~child)
            below[plane] = len(order) - 1
            continue
        first = 2 * len(splits) + 1
        splits.append((conditions[child], plane, first))
        waiting += [(right[child], first + 1), (left[child], first)]
    values = np.array([float(value) for value in fields["leaf_value"].split()])[order]
    return _Tree(tuple(splits), tuple(_bits(splits, below)), _pairs(values))


def _conditions(fields: Mapping[str, str]) -> Iterator[_Condition]:
    bounds, words = _whole(fields.get("cat_boundaries", "")), _whole(fields.get("cat_threshold", ""))
    given = (_whole(fields["split_feature"]), fields["threshold"].split(), _whole(fields["decision_type"]))
    for feature, threshold, decision in zip(*given, strict=True):
        if decision & _CATEGORY:
            at = int(threshold)
            yield _Condition(feature, 0.0, False, tuple(words[bounds[at] : bounds[at + 1]]))
            continue
        _require(decision & _MISSING != _ZERO_IS_MISSING)
        # Where nothing was missing at training, a NaN counts as zero.
        is_left = decision & _DEFAULT_LEFT if decision & _MISSING else float(threshold) >= 0
        yield _Condition(feature, _apart_from_zero(float(threshold)), bool(is_left), None)


def _apart_from_zero(threshold: float) -> float:
    """One that parts the same numbers without taking any of them for zero."""
    if abs(threshold) > _ZERO:
        return threshold
    return _ZERO if threshold >= 0 else float(np.nextafter(-_ZERO, -np.inf))


def _bits(splits: list[tuple[int, int, int]], leaf_of: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
    """The fewest planes that together are each bit: where all leaves below a node have it, the node's own."""
    last = len(leaf_of) - 1
    for bit in range(last.bit_length()):
        planes = {plane for plane, number in leaf_of.items() if number >> bit & 1}
        for _, parent, left in reversed(splits):
            if {left, left + 1} <= planes:
                planes = planes - {left, left + 1} | {parent}
        yield tuple(sorted(planes))


def _pairs(values: Floats) -> npt.NDArray[np.complex128]:
    """Of two bytes as they lie in memory, the first row's leaf in the lower one."""
    count = len(values)
    pairs = np.zeros((count, 256, 2))
    pairs[:, :count, 0], pairs[:, :count, 1] = values, values[:, None]
    return pairs.reshape(-1).view(np.complex128)


def _fields(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition("=") for line in text.split("\n"))}


def _whole(text: str) -> list[int]:
    return [int(number) for number in text.split()]


def _require(holds: bool) -> None:
    if not holds:
        raise UnknownTreesError("they are of another kind")
