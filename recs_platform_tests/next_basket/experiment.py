"""v4 against the published methods on any log: last baskets, or the newest weeks.

The ranker is LightGBM itself, on the product's candidates, features and examples; the platform fits its own through
`recs_platform.models`. A fifth of the clients is for validation: on them methods are tuned, and trees stop. All others
are judged.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from recs_platform.next_basket import published
from recs_platform.next_basket.arrays import Floats, Ints, opens, within
from recs_platform.next_basket.candidates import Candidates, candidates
from recs_platform.next_basket.comparison import difference
from recs_platform.next_basket.examples import BOUGHT, SPLIT, TARGET, WEIGHT, examples
from recs_platform.next_basket.features import FEATURES, features
from recs_platform.next_basket.holdout import WEEK, Holdout, last_basket, newest_weeks, week
from recs_platform.next_basket.lists import Lists, figures, judged, mean, ranked_lists
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.own import own
from recs_platform.next_basket.sources import Settings, sources
from recs_platform.next_basket.taste import Attributes
from recs_platform.statistics.intervals import Interval

LENGTH, TREES, PATIENCE = 25, 800, 40
LIGHTGBM = {
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "lambdarank_truncation_level": LENGTH,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 7,
    "metric": "None",
    "verbose": -1,
}
BLEND = "blend"


@dataclass(frozen=True, eq=False)
class Trial:
    """What rankers learn from, what methods are tuned on, and what all are judged by."""

    learned: list[Holdout]
    tuning: Holdout
    judged: list[Holdout]
    splits: dict[str, Ints]


def of_last_baskets(log: BasketLog, targets: int = 3) -> Trial:
    holdout = last_basket(log)
    train, validation = _divided(holdout.clients)
    learned = [last_basket(log, back=back) for back in range(2, 2 + targets)]
    splits = {"train": train, "validation": validation}
    return Trial(learned, holdout.of(validation), [holdout.of(train)], splits)


def of_weeks(log: BasketLog, count: int = 8, targets: int = 3) -> Trial:
    weeks = newest_weeks(log, count)
    assert weeks[0].as_of is not None
    first = int(weeks[0].as_of[0])
    learned = [week(log, first - WEEK * back) for back in range(1, 1 + targets)]
    train, validation = _divided(np.arange(len(log.clients)))
    splits = {"train": train, "validation": validation}
    return Trial(learned, learned[0].of(validation), [one.of(train) for one in weeks], splits)


def _divided(clients: Ints) -> tuple[Ints, Ints]:
    shuffled = np.random.default_rng(0).permutation(clients)
    fifth = len(clients) // 5
    return np.sort(shuffled[fifth:]), np.sort(shuffled[:fifth])


def ranked_by_v4(
    trial: Trial, settings: Settings, attributes: Attributes | None = None, without: frozenset[str] = frozenset()
) -> dict[str, list[Lists]]:
    """The lists of each holdout by both objectives and by their blend."""
    names = [name for name in FEATURES if name not in without]
    table = examples(trial.learned, trial.splits, settings, attributes)
    models = {objective: _fitted(table, trial, objective, names) for objective in ("binary", "lambdarank")}
    lists: dict[str, list[Lists]] = {name: [] for name in (*models, BLEND)}
    for holdout in trial.judged:
        found = sources(holdout.history, settings, holdout.as_of, attributes)
        chosen = candidates(found, holdout.clients, settings)
        rows = features(found, chosen)
        matrix = _matrix(rows, names)
        places = np.zeros(len(chosen.client))
        for name, model in models.items():
            scores = np.asarray(model.predict(matrix))
            lists[name].append(_listed(holdout, chosen, scores))
            places -= _places(chosen.client, scores)
        lists[BLEND].append(_listed(holdout, chosen, places))
    return lists


def _listed(holdout: Holdout, chosen: Candidates, scores: Floats) -> Lists:
    return ranked_lists(holdout.clients, chosen.client, chosen.item, scores, LENGTH)


def _places(client: Ints, scores: Floats) -> Ints:
    order = np.lexsort((-scores, client))
    of = np.empty(len(order), dtype=np.int64)
    of[order] = within(client[order])
    return of


def _matrix(rows: pa.Table, names: list[str]) -> np.ndarray:
    return np.column_stack([rows[name].to_numpy() for name in names])


def _fitted(table: pa.Table, trial: Trial, objective: str, names: list[str]) -> lgb.Booster:
    parts = {}
    for split in ("train", "validation"):
        rows = table.filter(pa.compute.equal(table[SPLIT].cast(pa.string()), split))
        starts = np.flatnonzero(opens(rows["customer_id"].to_numpy()) | opens(rows[TARGET].to_numpy()))
        groups = np.diff(np.append(starts, rows.num_rows))
        weight = rows[WEIGHT].to_numpy() if objective == "binary" else None
        label = rows[BOUGHT].to_numpy()
        parts[split] = lgb.Dataset(_matrix(rows, names), label, group=groups, weight=weight), label, groups
    wanted = np.concatenate(
        [np.unique(one.of(trial.splits["validation"]).target_client, return_counts=True)[1] for one in trial.learned]
    )
    _, label, groups = parts["validation"]
    return lgb.train(
        LIGHTGBM | {"objective": objective},
        parts["train"][0],
        TREES,
        [parts["validation"][0]],
        feval=_ndcg(label, np.repeat(np.arange(len(groups)), groups), wanted),
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
    )


def _ndcg(label: np.ndarray, group: Ints, wanted: Ints, k: int = 20) -> Callable[..., tuple[str, float, bool]]:
    worth = 1 / np.log2(np.arange(k) + 2)
    ideal = np.cumsum(worth)[np.minimum(wanted, k) - 1]

    def of(scores: Floats, _: lgb.Dataset) -> tuple[str, float, bool]:
        place = _places(group, scores)
        top = place < k
        gain = np.bincount(group[top], worth[place[top]] * label[top], minlength=len(wanted))
        return "ndcg", float((gain / ideal).mean()), True

    return of


def ranked_by_others(trial: Trial) -> dict[str, list[Lists]]:
    tifu = published.tuned_tifu(trial.tuning, published.tifu_grid())
    up_cf = published.tuned_up_cf(trial.tuning, published.up_cf_grid())
    print(tifu, up_cf, sep="\n")
    histories = [(own(one.history), one.clients) for one in trial.judged]
    return {
        "TIFU-KNN": [published.tifu_lists(*one, tifu) for one in histories],
        "UP-CF": [published.up_cf_lists(*one, up_cf) for one in histories],
        "own top items": [published.own_top_lists(*one) for one in histories],
        "global top items": [published.global_top_lists(*one) for one in histories],
        "own, then global": [published.own_then_global_lists(*one) for one in histories],
    }


def figures_of(trial: Trial, lists: list[Lists], measure: str, k: int) -> tuple[Floats, Ints]:
    """Per client and holdout, with the client."""
    values = [
        figures(judged(one, holdout), measure, k)  # type: ignore[arg-type]
        for one, holdout in zip(lists, trial.judged, strict=True)
    ]
    return np.concatenate(values), np.concatenate([holdout.clients for holdout in trial.judged])


def beside(
    trial: Trial, ours: list[Lists], theirs: list[Lists], measure: str, k: int, segment: str | None = None
) -> Interval:
    values, clients = figures_of(trial, ours, measure, k)
    others = figures_of(trial, theirs, measure, k)[0]
    rows = np.ones(len(clients), dtype=np.bool_) if segment is None else segments(trial)[clients] == segment
    return difference(values[rows], others[rows], clients[rows])


SEGMENTS = ("light", "regular", "heavy")


def segments(trial: Trial) -> np.ndarray:
    """Of each client of the log: a third of those who are judged has the fewest baskets, a third the most."""
    baskets = trial.judged[0].history.baskets
    bounds = np.quantile(baskets[trial.judged[0].clients], [1 / 3, 2 / 3])
    return np.array(SEGMENTS)[np.searchsorted(bounds, baskets)]


SHOWN = [(measure, k) for measure in ("recall", "ndcg") for k in (10, 20)]


def report(trial: Trial, v4: dict[str, list[Lists]], others: dict[str, list[Lists]]) -> Iterator[str]:
    yield "| ranked by | " + " | ".join(f"{measure}@{k}" for measure, k in SHOWN) + " |"
    yield "|---" * (1 + len(SHOWN)) + "|"
    for name, lists in {**v4, **others}.items():
        values = [mean(figures_of(trial, lists, measure, k)[0]) for measure, k in SHOWN]
        yield f"| {name} | " + " | ".join(f"{value or 0:.4f}" for value in values) + " |"
    compared = [(ours, None) for ours in v4] + [(BLEND, segment) for segment in SEGMENTS]
    for ours, segment in compared:
        for theirs in others:
            found = [beside(trial, v4[ours], others[theirs], measure, k, segment) for measure, k in SHOWN]
            cells = [f"{one.estimate:+.4f} ({one.low:+.4f} to {one.high:+.4f})" for one in found]
            yield f"| {ours} less {theirs}{f', {segment}' if segment else ''} | " + " | ".join(cells) + " |"


def main(world: str, how: str) -> None:
    from recs_platform_tests.next_basket.experiment_worlds import WORLDS

    log, attributes = WORLDS[world]()
    trial = of_weeks(log) if how == "weeks" else of_last_baskets(log)
    v4 = ranked_by_v4(trial, Settings(threads=2), attributes)
    print(*report(trial, v4, ranked_by_others(trial)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
