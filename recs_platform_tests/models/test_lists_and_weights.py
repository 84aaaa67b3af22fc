"""Several lists of one client, and examples that do not count the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.boosted import BOOSTED
from recs_platform.models.data import Columns, Examples, NotTrainableError, examples
from recs_platform.models.features import Floats
from recs_platform.models.list_order import ListOrder
from recs_platform.models.logistic import LOGISTIC
from recs_platform.models.paired import Judges
from recs_platform.models.provenance import content_hash
from recs_platform.models.ranker import RankerKind
from recs_platform.models.training import Training, train
from recs_platform.models.yardsticks import Measured
from recs_platform_tests.models.list_worlds import (
    COLUMNS,
    FEATURES,
    LENGTH,
    PROVENANCE,
    SETTINGS,
    TASK,
    habits,
    misleading,
    plain,
    read,
    rows,
)

TARGETS = replace(COLUMNS, list="target")
WEIGHED = replace(COLUMNS, weight="weight")


def with_column(table: pa.Table, name: str, values: object) -> pa.Table:
    return table.append_column(name, pa.array(values))


def of_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Each client once in every table: the candidates for one of its orders."""
    numbered = []
    for number, table in enumerate(tables):
        names = pa.array([f"{name} {number}" for name in table["example"].to_pylist()])
        named = table.set_column(table.column_names.index("example"), "example", names)
        numbered.append(with_column(named, "target", [number] * len(table)))
    return pa.concat_tables(numbered)


def of_targets(seeds: tuple[int, ...]) -> Examples:
    return examples(of_tables([rows(habits, seed=seed) for seed in seeds]), FEATURES, TARGETS)


def test_the_order_of_each_list_is_judged_by_itself() -> None:
    measure = ListOrder(LENGTH)
    both, one, other = of_targets((3, 4)), read(rows(habits, seed=3)), read(rows(habits, seed=4))
    figures = [
        measure.figures(part, Measured(due, due))
        for part in (both, one, other)
        for due in [np.asarray(part.table["due"].to_numpy())]
    ]
    assert figures[0].lists == figures[1].lists + figures[2].lists
    together = sum(part.ndcg * part.lists for part in figures[1:]) / figures[0].lists
    assert figures[0].ndcg == pytest.approx(together)
    assert measure.examples_text(both) == "1,600 lists of 2026-03-02"


def interval(part: Examples) -> tuple[float, float]:
    due, popularity = (np.asarray(part.table[name].to_numpy()) for name in ("due", "popularity"))
    judges = Judges.of(part.labels, part.groups, part.list_codes)
    found = ListOrder(LENGTH).compare(judges, Measured(due, due), Measured(popularity, popularity)).ndcg
    assert found.low is not None and found.high is not None and found.estimate is not None
    return found.estimate, found.high - found.low


def test_the_same_list_twice_is_no_more_evidence_and_another_one_is() -> None:
    once, twice, another = interval(of_targets((3,))), interval(of_targets((3, 3))), interval(of_targets((3, 4)))
    assert twice == pytest.approx(once)
    assert another[1] < 0.85 * once[1]


@lru_cache(maxsize=1)
def misled_by_lists() -> Training:
    """In the one of a client's lists in which much is bought, all are shown a high `due`; inside each it speaks against
    a purchase."""
    table = of_tables([misleading(seed=seed) for seed in (3, 4)])
    return train(examples(table, FEATURES, TARGETS), SETTINGS, PROVENANCE, kinds=TASK.kinds, design=TASK.design)


def test_trees_of_order_learn_from_each_list_and_not_from_the_client() -> None:
    training = misled_by_lists()
    _, ranking, _ = training.models
    assert training.candidate is ranking
    guessing = ListOrder(LENGTH).figures(training.test.examples, training.test.yardsticks["no order"])
    assert training.test.leading(ranking) > guessing.ndcg + 0.1
    parts = [set(window.examples.groups.to_pylist()) for window in (training.validation, training.test)]
    assert not parts[0] & parts[1], "all lists of a client are in one part"


def test_models_are_compared_on_the_very_lists_of_their_figures() -> None:
    training = misled_by_lists()
    boosted, ranking, _ = training.models
    gap = training.test.leading(ranking) - training.test.leading(boosted)
    assert training.test.compare(ranking, boosted).lead.estimate == pytest.approx(gap)


def crowd() -> pa.Table:
    """Few clients with long lists buy what is not due, many with short ones what is."""

    def against(table: pa.Table, appetite: Floats) -> Floats:
        return -1.5 * plain(table, "due") + 0.1 * appetite - 1.0

    def towards(table: pa.Table, appetite: Floats) -> Floats:
        return 1.5 * plain(table, "due") + 0.1 * appetite - 1.0

    long, short = rows(against, clients=80, items=200, seed=1), rows(towards, clients=600, items=10, seed=2)
    for name in ("client", "example"):
        others = pa.array([f"S{one}" for one in short[name].to_pylist()])
        short = short.set_column(short.column_names.index(name), name, others)
    table = pa.concat_tables([long, short])
    lengths = [1 / 10 if name.startswith("S") else 1 / 200 for name in table["client"].to_pylist()]
    return with_column(table, "weight", lengths)


def trained_on_crowd(kind: RankerKind, columns: Columns) -> Training:
    return train(examples(crowd(), FEATURES, columns), SETTINGS, PROVENANCE, kinds=(kind,), design=TASK.design)


@pytest.mark.parametrize("kind", [BOOSTED, LOGISTIC], ids=["boosted", "logistic"])
def test_weights_make_lists_count_the_same_in_what_chances_are_learned_from(kind: RankerKind) -> None:
    weighed, plainly = (trained_on_crowd(kind, columns).models[0] for columns in (WEIGHED, COLUMNS))
    assert weighed.manifest.lists is not None and plainly.manifest.lists is not None
    assert weighed.manifest.lists.quality["test"].ndcg > plainly.manifest.lists.quality["test"].ndcg + 0.15


def test_where_trees_stop_is_weighed_too() -> None:
    """What the long lists of validation say would stop these trees at once."""
    weighed = trained_on_crowd(BOOSTED, WEIGHED).models[0]
    assert weighed.manifest.fitted["trees"] > 5


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_counts_for_nothing_is_refused(weight: float) -> None:
    table = rows(habits, clients=20)
    weights = np.ones(len(table))
    weights[3] = weight
    with pytest.raises(NotTrainableError, match="weight is not above 0 in some examples"):
        examples(with_column(table, "weight", weights), FEATURES, WEIGHED)


def test_lists_and_weights_are_a_part_of_what_was_learned_from() -> None:
    table = with_column(with_column(rows(habits, clients=20), "weight", [1.0] * 400), "target", [0] * 400)
    other = with_column(with_column(rows(habits, clients=20), "weight", [2.0] * 400), "target", [1] * 400)
    for columns in (TARGETS, WEIGHED):
        first, second = (content_hash(examples(one, FEATURES, columns)) for one in (table, other))
        assert first != second
    assert content_hash(read(table)) == content_hash(read(other))
