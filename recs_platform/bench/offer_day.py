"""What `offer-ranking` measures: features, training, candidates and scores of a large company, and each plainly.

Every function runs in a process of its own, whose environment it changes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench import offer_rows
from recs_platform.bench.made_up import make_tables, plain_folder
from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.strategy_day import DAY, live_in

if TYPE_CHECKING:
    import pyarrow as pa

    from recs_platform.companies.model import Company
    from recs_platform.model_registry.registry import Registered
    from recs_platform.model_registry.shelf import ModelShelf
    from recs_platform.models.model import Model
    from recs_platform.models.settings import TrainingSettings
    from recs_platform.warehouse.protocol import Warehouse

CANDIDATES = ("offer_candidates",)
SCORED = "candidate_features"


def fill(home: Path, customers: int) -> None:
    if not plain_folder(home).exists():
        offer_rows.fill(home, customers)


def measure_features(home: Path, customers: int) -> Done:
    """From order lines and impressions to the training set, as a first day that trains makes it; without Dagster."""
    live_in(home)
    from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS, FEATURE_TABLES

    company, watch = offer_rows.offer_company(customers), Stopwatch()
    _store(company, "training_plan", [{"reason": "weekday", "words": "bench", "evidence": "bench"}])
    _store(company, "offer_candidates", [])
    _make(company, (*DAILY_SUMS, *(name for name in FEATURE_TABLES if name != SCORED)), watch)
    made = stored(company, "training_set")
    _note_sums(home / "sums.json", made)
    return watch.done(made.num_rows)


def measure_features_plainly(home: Path, customers: int) -> Done:
    """The same features in pandas, as a notebook makes them: day by day, filter and group."""
    from recs_platform.bench.plain_features import training_set

    company, watch = offer_rows.offer_company(customers), Stopwatch()
    made = training_set(plain_folder(home), company, DAY, watch)
    _note_sums(home / "sums.json", made)
    return watch.done(made.num_rows)


def make_features(home: Path, customers: int) -> None:
    fill(home, customers)
    if not (home / "sums.json").exists():
        measure_features(home, customers)


def measure_training(home: Path, customers: int) -> Done:
    """Both models, from the stored training set to the candidate."""
    live_in(home)
    from recs_platform.models.challenge import challenge
    from recs_platform.models.data import examples
    from recs_platform.models.provenance import Provenance
    from recs_platform.models.training import train
    from recs_platform.strategies.offer_ranking.features import TASK

    company, watch = offer_rows.offer_company(customers), Stopwatch()
    with watch.step("read"):
        known = stored(company, "training_set")
        closed = examples(known.filter(known["label"].is_valid()), TASK.features, TASK.columns)
    with watch.step("train and judge"):
        training = train(closed, _settings(company), Provenance({}, "bench"))
    models = _shelf(company)
    if not _serving(models):
        verdict = challenge(training.candidate, None, training.test, 0.0)
        models.keep(TASK.model, training.candidate, DAY, verdict)
    return watch.done(len(closed))


def measure_training_plainly(home: Path, customers: int) -> Done:
    """LightGBM alone on the same examples, its matrix ready: as many trees, no early stopping, nothing judged."""
    live_in(home)
    import lightgbm

    company, watch = offer_rows.offer_company(customers), Stopwatch()
    model = model_of(company)
    known = stored(company, "training_set")
    closed = known.filter(known["label"].is_valid())
    matrix, labels = model.manifest.encoding.matrix(closed), closed["label"].to_numpy()
    settings = {"objective": "binary", "verbosity": -1, "num_leaves": _settings(company).leaves}
    with watch.step("fit"):
        lightgbm.train(settings, lightgbm.Dataset(matrix, labels), num_boost_round=100)
    return watch.done(len(labels))


def measure_candidates(home: Path, customers: int) -> Done:
    live_in(home)
    company, watch = offer_rows.offer_company(customers), Stopwatch()
    _make(company, CANDIDATES, watch)
    return watch.done()


def measure_candidates_plainly(home: Path, customers: int) -> Done:
    """Every customer meets every running offer, and the best by one figure stay: no generators, nothing audited."""
    import duckdb

    watch, limit = Stopwatch(), getattr(offer_rows.offer_company(customers).parameters, "max_candidates", 0)
    folder = plain_folder(home)
    with duckdb.connect() as connection, watch.step("offer_candidates"):
        connection.execute(
            f"""
            COPY (
              SELECT customer_id, max_by(offer_id, hash(customer_id, offer_id), {limit})
              FROM '{folder}/customers.parquet', '{folder}/offers.parquet'
              WHERE starts_on <= DATE '{DAY}' + 1 AND ends_on > DATE '{DAY}'
              GROUP BY customer_id
            ) TO '{folder}/crossed.parquet' (FORMAT parquet)"""
        )
    return watch.done()


def make_candidate_features(home: Path, customers: int) -> None:
    """What scoring reads, and a model to score with."""
    make_features(home, customers)
    live_in(home)
    from recs_platform.strategies.offer_ranking.stage import FEATURE_TABLES

    company = offer_rows.offer_company(customers)
    if not _serving(_shelf(company)):
        measure_training(home, customers)
    _store(company, "training_plan", [])
    _make(company, (*CANDIDATES, *(name for name in FEATURE_TABLES if name != "training_set")), Stopwatch())


def measure_scoring(home: Path, customers: int) -> Done:
    """Every candidate's chance by the model that serves, from stored features, as a run scores them."""
    live_in(home)
    from recs_platform.strategies.offer_ranking.scoring import offer_scores
    from recs_platform.warehouse.slices import Days

    company, watch = offer_rows.offer_company(customers), Stopwatch()
    models = _shelf(company)
    if not _serving(models):
        raise RuntimeError("no model serves the day, so there is nothing to measure")
    with watch.step("read and score"), open_stored(company, SCORED) as candidates:
        rows = sum(len(batch) for batch in offer_scores.function(Days.one(DAY), models, candidates))
    return watch.done(rows)


def measure_scoring_plainly(home: Path, customers: int) -> Done:
    """LightGBM alone, on the same cores: the matrix is ready and whole in memory."""
    live_in(home)
    company, watch = offer_rows.offer_company(customers), Stopwatch()
    model = model_of(company)
    matrix = model.manifest.encoding.matrix(stored(company, SCORED))
    with watch.step("score"):
        scores = model.ranker.raw_scores(matrix)
    return watch.done(len(scores))


def _make(company: Company, tables: tuple[str, ...], watch: Stopwatch) -> None:
    from recs_platform.warehouse.slices import Days

    make_tables(company, tables, Days(company.start_date, DAY), watch)


def _store(company: Company, table: str, rows: list[dict[str, object]]) -> None:
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.protocol import Subject
    from recs_platform.warehouse.slices import Days

    ref = pipeline_of(company).ref(table, company)
    made = ref.spec.arrow_table({"as_of": DAY, **row} for row in rows)
    _warehouse().replace(Subject(f"bench/{table}", company.name, ref, Days.one(DAY)), made.to_reader())


def stored(company: Company, table: str) -> pa.Table:
    with open_stored(company, table) as reader:
        return reader.read_all()


def open_stored(company: Company, table: str) -> AbstractContextManager[pa.RecordBatchReader]:
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.slices import Days

    return _warehouse().read(pipeline_of(company).ref(table, company), Days.one(DAY))


def _warehouse() -> Warehouse:
    from recs_platform.warehouse.environment import open_warehouse

    return open_warehouse()


def _settings(company: Company) -> TrainingSettings:
    from recs_platform.strategies.offer_ranking.training import settings_of

    return settings_of(company)


def _shelf(company: Company) -> ModelShelf:
    from recs_platform.model_registry.shelf import open_shelf

    return open_shelf(company.name, run_id="bench")


def _serving(models: ModelShelf) -> Registered | None:
    from recs_platform.strategies.offer_ranking.features import TASK

    return models.serving(TASK.model, DAY)


def model_of(company: Company) -> Model:
    from recs_platform.process import cores
    from recs_platform.strategies.offer_ranking.features import FEATURES

    models = _shelf(company)
    serving = _serving(models)
    if serving is None:
        raise RuntimeError("no model serves the day: the training's benchmark makes one")
    return models.load(serving, FEATURES, threads=cores())


def _note_sums(noted: Path, made: pa.Table) -> None:
    """Whoever comes second must have found the same features: each one's sum and number of missing values."""
    import json

    import pyarrow.compute as pc

    from recs_platform.strategies.offer_ranking.features import FEATURES

    sums: dict[str, list[float]] = {}
    for spec in FEATURES.specs:
        column = made[spec.name]
        total = pc.sum(pc.utf8_length(column) if spec.kind == "category" else column.cast("float64")).as_py()
        sums[spec.name] = [round(total or 0.0, 1), column.null_count]
    if not noted.exists():
        noted.write_text(json.dumps(sums))
        return
    expected = json.loads(noted.read_text())
    apart = [
        f"{name}: {sums[name]}, not {expected[name]}"
        for name in sums
        if abs(sums[name][0] - expected[name][0]) > 1e-6 * max(1.0, abs(expected[name][0])) + 0.2
        or sums[name][1] != expected[name][1]
    ]
    if apart:
        raise RuntimeError(f"the two sides disagree: {'; '.join(apart)}")
