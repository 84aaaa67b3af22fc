"""Assets through real Dagster runs: what is published, what people see of it, and what a failure leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from recs_platform.assembly.io_manager import _lineage
from recs_platform.clock import recording
from recs_platform.pipeline.stage import FrameTable
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.table import Table
from recs_platform.strategies.catalogue import pipelines
from recs_platform.timings import Phase
from recs_platform.warehouse.slices import Days
from recs_platform_tests.pipeline.toy import (
    DAY,
    START,
    STRATEGY,
    Profiles,
    Scores,
    Toy,
    VisitCounts,
    Visits,
    failure,
    materialized,
    profiles_of,
    scores,
    visits_of,
)

SAID = Presentation("So many.")


def key(table: str) -> dg.AssetKey:
    return dg.AssetKey([STRATEGY, table])


def test_a_days_run_makes_every_table(toy: Toy) -> None:
    toy.run_history(Days(DAY - timedelta(days=4), DAY - timedelta(days=1)))
    assert toy.run().success
    assert toy.rows(VisitCounts) == [
        {"as_of": DAY, "customer_id": "c1", "email": "ann@mail.example", "visits": 3},
        {"as_of": DAY, "customer_id": "c2", "email": "nonsense", "visits": 3},
    ]
    # The function was handed the same three days, as pandas and Arrow; its floats and timestamps were coerced.
    assert toy.rows(Scores) == [
        {"as_of": DAY, "customer_id": "c1", "score": 0},
        {"as_of": DAY, "customer_id": "c2", "score": 3},
    ]


def test_running_a_day_again_changes_nothing(toy: Toy) -> None:
    tables: list[type[Table]] = [Visits, Profiles, VisitCounts, Scores]
    toy.run()
    once = [toy.rows(table) for table in tables]
    toy.run()
    assert [toy.rows(table) for table in tables] == once


def test_what_people_see_of_a_materialization(toy: Toy) -> None:
    made = materialized(toy.run())
    counts = made["visit_counts"]
    name = toy.company.name
    assert (counts[f"rows ({name})"], counts[f"version ({name})"]) == (2, 1)
    assert counts[f"bytes ({name})"] > 0
    steps = [counts[f"seconds to {step} ({name})"] for step in ("write", "audit", "publish")]
    assert counts[f"seconds ({name})"] == pytest.approx(sum(steps), abs=0.002)
    assert counts["compiled_sql"].startswith("```sql\nSELECT CAST('2025-09-10' AS DATE) AS as_of, customer_id")
    assert f"| email | [profiles.email](/assets/{STRATEGY}/profiles) |" in counts["column_lineage"]
    assert made["scores"].keys().isdisjoint({"compiled_sql", "dagster/column_lineage", "column_lineage"})


def test_what_a_table_took_and_what_was_its_input(toy: Toy) -> None:
    toy.checks = (
        "-- No.\n-- table: visit_counts\n-- severity: warn\nSELECT customer_id FROM visit_counts WHERE visits > 9",
    )
    toy.run_history(Days(DAY - timedelta(days=4), DAY - timedelta(days=1)))
    with recording() as recorder:
        result = toy.run()
    counts = materialized(result)["visit_counts"]
    # Three days of three visits, and two profiles.
    assert counts["input rows (shop)"] == 3 * 3 + 2
    assert counts["input bytes (shop)"] > 0
    took = recorder.timings().tables["visit_counts"]
    assert 0 < counts["cpu seconds (shop)"] <= took.took.cpu
    assert {Phase.PREPARE, Phase.WRITE, Phase.AUDIT, Phase.PUBLISH, Phase.DESCRIBE, Phase.CHECK} == took.phases.keys()
    (check,) = result.get_asset_check_evaluations()
    assert check.metadata["input rows (shop)"].value == 2
    assert check.metadata["cpu seconds (shop)"].value > 0
    # The function has the same visits as the query, and both the same profiles.
    assert recorder.timings().reread["visits"].readers == ("scores", "visit_counts")


def test_what_is_plotted_is_of_one_company(toy: Toy) -> None:
    """Dagster draws one line for each number's name, over the partitions of all companies."""
    events = toy.run().get_asset_materialization_events()
    said = [event.step_materialization_data.materialization.metadata for event in events]
    numbers = {name for metadata in said for name, value in metadata.items() if isinstance(value.value, int | float)}
    assert f"rows ({toy.company.name})" in numbers
    assert [name for name in numbers if not name.endswith(f" ({toy.company.name})")] == []


def test_a_preview_is_masked(toy: Toy) -> None:
    made = materialized(toy.run())
    assert made["profiles"]["preview"].splitlines()[:2] == [
        "| as_of | customer_id | email | nickname |",
        "| --- | --- | --- | --- |",
    ]
    assert sorted(made["profiles"]["preview"].splitlines()[2:]) == [
        "| 2025-09-10 | c1 | a***@***.example | A*** |",
        "| 2025-09-10 | c2 | n*** | None |",
    ]
    assert "ann@mail.example" not in repr(made)


@pytest.mark.parametrize(("rows", "shown", "below"), [(200, 200, []), (201, 200, ["", "200 of 201 rows."])])
def test_a_small_table_is_shown_whole_or_says_that_it_is_not(toy: Toy, rows: int, shown: int, below: list[str]) -> None:
    table = scores.spec.arrow_table([{"as_of": DAY, "customer_id": f"c{n:03}", "score": n} for n in range(rows)])
    many = FrameTable(scores.spec, lambda company, days: table, {}, present=lambda company, day, rows: SAID)
    toy.features = (many,)
    lines = materialized(toy.run())["scores"]["table"].splitlines()
    assert len([line for line in lines[2:] if line.startswith("|")]) == shown
    assert lines[2 + shown :] == below


def test_lineage_comes_from_the_query(toy: Toy) -> None:
    lineage = materialized(toy.run())["visit_counts"]["dagster/column_lineage"].deps_by_column
    origins = {column: {(dep.asset_key, dep.column_name) for dep in deps} for column, deps in lineage.items()}
    assert origins["email"] == {(key("profiles"), "email")}
    assert (key("visits"), "customer_id") in origins["customer_id"]
    assert origins["as_of"] == set()
    assert set(origins) == {"as_of", "customer_id", "email", "visits"}


def test_a_table_and_an_earlier_day_of_it_are_one_origin() -> None:
    """`is_new` is told from the day's catalog and from an earlier one; an asset may stand once among origins."""
    deps = _lineage(pipelines()["replenishment"], "product_trends").deps_by_column["is_new"]
    catalog = dg.AssetKey(["replenishment", "catalog"])
    assert [dep.column_name for dep in deps if dep.asset_key == catalog].count("item_id") == 1


def test_columns_are_the_models(toy: Toy) -> None:
    asset = toy.definitions().resolve_assets_def(key("profiles"))
    schema = asset.metadata_by_key[key("profiles")]["dagster/column_schema"]
    columns = getattr(schema, "value", schema).columns
    assert [(c.name, c.type, c.constraints.nullable, c.constraints.unique) for c in columns] == [
        ("as_of", "DATE", False, False),
        ("customer_id", "STRING", False, True),
        ("email", "STRING", True, False),
        ("nickname", "STRING", True, False),
    ]
    assert [set(c.tags) for c in columns] == [set(), set(), {"personal"}, {"personal"}]


def test_ninety_days_of_a_log_are_one_run(toy: Toy) -> None:
    days = Days.ending(START + timedelta(days=99), 90)
    result = toy.run_history(days)
    assert result.success
    assert toy.days(Visits) == list(days)
    assert len(toy.rows(Visits)) == 270
    events = result.get_asset_materialization_events()
    assert len(events) == 90
    counts, name = materialized(result)["visits"], toy.company.name
    assert (counts[f"rows ({name})"], counts[f"version ({name})"]) == (270, 1)


class TestAFailure:
    """What was there before stays, and what is downstream does not run."""

    @pytest.fixture(autouse=True)
    def _a_day_that_was_fine(self, toy: Toy) -> None:
        assert toy.run().success
        self.before = toy.rows(Visits)

    def fail(self, toy: Toy, visits: Any) -> tuple[str, str]:
        toy.visits = lambda days: visits
        result = toy.run()
        assert not result.success
        assert "scores" not in materialized(result)
        assert toy.rows(Visits) == self.before
        return failure(result)

    def test_a_broken_rule(self, toy: Toy) -> None:
        bad = visits_of(Days.one(DAY)).assign(pages=-1, customer_id="ann@mail.example")
        assert self.fail(toy, bad) == (
            "visits",
            "recs_platform.errors.SliceError: replenishment/visits, shop 2025-09-10: "
            "the new rows (3 in all) violate 1 rule of visits. Nothing was published; what was there before stays.\n"
            "  - column pages: greater_than_or_equal_to(0): 3 bad rows, such as {'visit_id': 0, 'pages': -1}; "
            "{'visit_id': 1, 'pages': -1}; {'visit_id': 2, 'pages': -1}",
        )

    def test_a_fraction(self, toy: Toy) -> None:
        _, message = self.fail(toy, visits_of(Days.one(DAY)).assign(pages=0.5))
        assert "column pages (INT64): fraction in pages: 0.5. Nothing was published." in message

    def test_another_day(self, toy: Toy) -> None:
        _, message = self.fail(toy, visits_of(Days.one(DAY + timedelta(days=1))))
        assert "column event_date: 3 rows are of 2025-09-11, outside the slice" in message

    def test_a_column_too_many(self, toy: Toy) -> None:
        _, message = self.fail(toy, visits_of(Days.one(DAY)).assign(colour="red"))
        assert "the new slice of visits has colour, which the table does not declare" in message

    @pytest.mark.parametrize("returned", [[], None, {"a": 1}], ids=["list", "None", "dict"])
    def test_a_wrong_return_type(self, toy: Toy, returned: object) -> None:
        table, message = self.fail(toy, returned)
        assert table == "visits"
        wanted = "visits must return a bound query, a pandas frame or an Arrow table, not "
        assert message == f"TypeError: {wanted}{type(returned).__name__}"


def warnings_of(toy: Toy, run_id: str) -> list[str]:
    logs = toy.instance.all_logs(run_id)
    return [entry.user_message for entry in logs if entry.level == 30 and entry.dagster_event is None]


def test_no_rows_where_they_are_allowed(toy: Toy) -> None:
    toy.visits = lambda days: visits_of(days).assign(customer_id="nobody")
    result = toy.run()
    assert result.success
    assert (toy.rows(VisitCounts), toy.days(VisitCounts)) == ([], [DAY])
    assert materialized(result)["visit_counts"]["preview"] == "No rows on 2025-09-10."
    assert materialized(result)["visit_counts"]["empty_days"] == ["2025-09-10"]
    assert warnings_of(toy, result.run_id) == []


def test_no_rows_where_that_is_worth_a_warning(toy: Toy) -> None:
    toy.visits = lambda days: visits_of(Days.one(days.first))
    result = toy.run_history(Days(DAY, DAY + timedelta(days=2)))
    assert result.success
    assert toy.days(Visits) == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
    said = "replenishment/visits, shop 2025-09-10 to 2025-09-12: no rows on 2025-09-11, 2025-09-12"
    assert warnings_of(toy, result.run_id) == [said]


def test_no_rows_where_there_must_be_some(toy: Toy) -> None:
    toy.profiles = lambda days: profiles_of(days).slice(0, 0)
    result = toy.run()
    table, message = failure(result)
    assert table == "profiles"
    assert "replenishment/profiles, shop 2025-09-10: no rows on 2025-09-10, and profiles may not be empty" in message
    assert toy.days(Profiles) == []


def test_a_function_is_not_run_on_a_snapshot_that_was_never_made(toy: Toy) -> None:
    assert toy.run().success
    assets = toy.definitions().resolve_all_asset_specs()
    assert key("scores") in {spec.key for spec in assets}
    job = toy.definitions().resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        partition_key=f"shop|{DAY + timedelta(days=1)}",
        asset_selection=[key("visits"), key("scores")],
        instance=toy.instance,
        raise_on_error=False,
    )
    table, message = failure(result)
    assert table == "scores"
    assert "shop.profiles has no slice for 2025-09-11. Materialize profiles for that day first." in message


def test_the_first_days_of_a_company_have_less_to_look_back_on(toy: Toy) -> None:
    assert toy.run(START).success
    assert [row["score"] for row in toy.rows(Scores)] == [0, 1]
    assert toy.days(Visits) == [START]
