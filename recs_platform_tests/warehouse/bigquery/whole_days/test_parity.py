"""Every query gives on BigQuery what it gives on the lake, row by row, over the simulated worlds of all strategies.

What a day makes is compared as it was made: tables, and the verdicts of checks. What nobody asks in a day is asked here
of both. The emulator stands for BigQuery; what it cannot do is named in `test_parity_limits.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation.instance import existing_instance
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.check import judge
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.case import Case, all_cases
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.sql.running import difference, rows_of
from recs_platform_tests.warehouse.bigquery.whole_days.conftest import STRATEGIES
from recs_platform_tests.warehouse.bigquery.whole_days.questions import Recorder, asked_on_the_lake
from recs_platform_tests.warehouse.bigquery.whole_days.rows import differences
from recs_platform_tests.warehouse.bigquery.whole_days.worlds import SECOND, Side, World
from recs_platform_tests.warehouse.conftest import open_bigquery

pytestmark = pytest.mark.slow

_NOT_SERVED = dict.fromkeys(
    (
        "landed_served_recommendations",
        "landed_recommendation_feedback",
        "served_recommendations",
        "recommendation_feedback",
        "recommendation_outcomes",
        "ignored_weeks",
    ),
    "nobody was served anything",
)
_NO_MODEL = "so small a world has no model that is good enough to serve"
WITHOUT_ROWS: Mapping[str, Mapping[str, str]] = {
    **{name: {} for name in STRATEGIES},
    "vehicle_fitment": {
        **_NOT_SERVED,
        "ignored_recommendations": "nobody was served anything",
        "ignored_by_customer": "nobody was served anything",
    },
    "replenishment": {
        **_NOT_SERVED,
        "ignored_items": "nobody was served anything",
        "unserved_clients": "every active client has a list",
        "new_items_for_client": "so short a history does not tell what is new",
        "experiment_outcomes": "no list was published a week ago",
        "experiment_results": "no list was published a week ago",
    },
    "offer_ranking": {
        **_NOT_SERVED,
        "ignored_recommendations": "nobody was served anything",
        "offer_campaigns": "its feeds name no campaign of offers",
        "feature_contributions": _NO_MODEL,
        "feature_importance": _NO_MODEL,
        "drift_report": _NO_MODEL,
    },
}
"""What gives no row in these worlds, and why. Queries among them are compared by their fixtures."""
NOT_ASKED: Mapping[str, frozenset[str]] = {
    **{name: frozenset() for name in STRATEGIES},
    "vehicle_fitment": frozenset({"recipients", "vehicle_message_items"}),
    "replenishment": frozenset({"recipients", "weekly_message_items", "scores_of_pairs"}),
    "offer_ranking": frozenset({"recipients", "offer_message_items"}),
}
"""Questions of `recs export` and of the service, which the commands of these worlds do not ask: by their fixtures."""
BY_FIXTURES = {name for names in (*WITHOUT_ROWS.values(), *NOT_ASKED.values()) for name in names}


def test_no_query_is_left_out() -> None:
    """What the tests below compare, added up over the strategies, is every file of sql/."""
    assert set(STRATEGIES) == set(pipelines())
    compared = {query.path for pipeline in pipelines().values() for query in _queries(pipeline).values()}
    written = {query.path for query in platform_queries().values()}
    assert written - compared == set()
    assert len(written) > 170


def test_every_table_has_the_same_rows(world: World) -> None:
    pipeline, company, apart = world.pipeline, world.company, dict[str, object]()
    compared = 0
    with world.lake.warehouse() as lake, world.cloud.warehouse() as cloud:
        for name in pipeline.specs:
            ref = pipeline.ref(name, company)
            made, made_there = ([(s.day, s.rows) for s in w.slices(ref)] for w in (lake, cloud))
            if made != made_there:
                apart[f"slices of {name}"] = made, made_there
            with lake.read(ref) as ours, cloud.read(ref) as theirs:
                if found := differences(ours.read_all().to_pylist(), theirs.read_all().to_pylist()):
                    apart[name] = found
            compared += 1
    assert apart == {}
    assert compared == len(pipeline.tables) + len(pipeline.products)


def test_every_check_says_the_same(world: World) -> None:
    """How many rows break the rule, of how many, and which."""
    ours, theirs = (_verdicts(world, side) for side in (world.lake, world.cloud))
    assert {check for _, check in ours} == set(world.pipeline.checks)
    assert {key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)} == set()
    unasked = {check for day, check in ours if day == str(SECOND) and _UNASKED in str(ours[day, check]["description"])}
    with world.lake.warehouse() as lake, world.cloud.warehouse() as cloud:
        for name in sorted(unasked):
            check, _ = world.pipeline.checks[name]
            bound = world.pipeline.bind_check(name, world.company, Days.one(SECOND))
            assert judge(lake, check, bound) == judge(cloud, check, bound), name


def test_every_question_has_the_same_answer(world: World, asked: Recorder) -> None:
    questions = asked.by_name()
    assert world.pipeline.questions.keys() - questions.keys() == NOT_ASKED[world.strategy]
    apart = {}
    with world.lake.warehouse() as lake, world.cloud.warehouse() as cloud:
        for name, queries in questions.items():
            for query in queries:
                ordered = bool(query.query.tree.args.get("order"))
                with lake.run(query) as ours, cloud.run(query) as theirs:
                    rows, others = ours.read_all().to_pylist(), theirs.read_all().to_pylist()
                if found := differences(rows, others, in_order=ordered):
                    apart[name] = found
    assert apart == {}


def test_what_has_no_rows_is_named(world: World, asked: Recorder) -> None:
    """Equal is easily said of nothing."""
    with world.lake.warehouse() as lake:
        empty = {name for name in world.pipeline.specs if not _has_rows(lake, world, name)}
    assert empty | asked.without_rows == set(WITHOUT_ROWS[world.strategy])


@pytest.mark.parametrize("case", [c for c in all_cases() if c.table in BY_FIXTURES])
def test_what_has_no_rows_gives_those_of_its_fixtures(case: Case, bigquery: str, tmp_path: Path) -> None:
    rows = rows_of(case, tmp_path, open_bigquery(bigquery, tmp_path / "scratch"))
    assert difference(case.expected, rows) == ""


@pytest.fixture(scope="module")
def asked(world: World) -> Recorder:
    return asked_on_the_lake(world)


_UNASKED = "Nothing to judge"
_TOOK = ("seconds", "cpu seconds", "input rows", "input bytes")
"""What a verdict took, which is another on each engine."""


def _queries(pipeline: Pipeline) -> Mapping[str, Any]:
    tables = {name: table.query for name, table in pipeline.tables.items() if isinstance(table, SqlTable)}
    checks = {name: check.query for name, (check, _) in pipeline.checks.items()}
    return {**tables, **checks, **{name: question.query for name, question in pipeline.questions.items()}}


def _verdicts(world: World, side: Side) -> dict[tuple[str, str], dict[str, object]]:
    """What each check of each run said, as Dagster keeps it: by the run's last day and the check."""
    found = {}
    with side.terminal.inside(), existing_instance() as dagster:
        for run in (run for name, told in side.told.items() if name.startswith("run") for run in told.json):
            for record in dagster.all_logs(run["run_id"], of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                assert record.dagster_event
                said = record.dagster_event.asset_check_evaluation_data
                if said.check_name not in world.pipeline.checks:
                    continue
                figures = {name: value.value for name, value in said.metadata.items() if not name.startswith(_TOOK)}
                found[run["last"], said.check_name] = {
                    "passed": said.passed, "description": said.description, **figures
                }  # fmt: skip
    return found


def _has_rows(warehouse: Warehouse, world: World, table: str) -> bool:
    return any(slice_.rows for slice_ in warehouse.slices(world.pipeline.ref(table, world.company)))
