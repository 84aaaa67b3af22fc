"""Checks through real Dagster runs: they stand between a table and what is downstream of it, each for its partition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation.partitions import partition_key
from recs_platform.errors import QueryError
from recs_platform.warehouse.slices import Days
from recs_platform_tests.pipeline.toy import DAY, STRATEGY, Scores, Toy, Visits, materialized, profiles_of, visits_of

ANONYMOUS = """-- Every visitor is known.
-- table: visits
-- severity: {severity}
{more}SELECT visit_id, event_date, 'ann@mail.example' AS email FROM visits WHERE customer_id IS NULL"""


def anonymous(severity: str, *more: str) -> str:
    """One of the three visits of a day breaks it."""
    return ANONYMOUS.format(severity=severity, more="".join(f"-- {line}\n" for line in more))


def evaluated(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (evaluation,) = result.get_asset_check_evaluations()
    metadata = {name.removesuffix(" (shop)"): value.value for name, value in evaluation.metadata.items()}
    return {"passed": evaluation.passed, **metadata}


def test_an_error_blocks_what_is_downstream(toy: Toy) -> None:
    toy.checks = [anonymous("error")]
    result = toy.run()
    assert not result.success
    assert set(materialized(result)) == {"visits", "profiles"}
    assert toy.days(Scores) == []
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)
    # The table itself is published: a check judges what stands, an audit what may stand.
    assert len(toy.rows(Visits)) == 3


def test_a_warning_blocks_nothing(toy: Toy) -> None:
    toy.checks = [anonymous("warn")]
    result = toy.run()
    assert result.success
    assert "scores" in materialized(result)
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_an_error_that_passes_lets_everything_through(toy: Toy) -> None:
    toy.checks = [anonymous("error")]
    toy.visits = lambda days: visits_of(days).assign(customer_id="c1")
    result = toy.run()
    assert result.success
    assert "scores" in materialized(result)
    found = evaluated(result)
    assert (found["passed"], found["violations"], found["share"]) == (True, 0, 0.0)
    assert "examples" not in found


def test_what_people_see_of_a_check(toy: Toy) -> None:
    toy.checks = [anonymous("warn", "tolerance: 0.2")]
    found = evaluated(toy.run())
    assert found["rule"] == "Every visitor is known."
    assert (found["violations"], found["rows of visits"], found["share"], found["tolerance"]) == (1, 3, 0.333333, 0.2)
    assert found["examples"].splitlines()[2:] == ["| 2 | 2025-09-10 | a***@***.example |"]
    assert "WHERE customer_id IS NULL" in found["sql"]


@pytest.mark.parametrize(("tolerance", "passed"), [("0.33", False), ("0.34", True), ("1", True), ("0", False)])
def test_a_share_may_break_the_rule(toy: Toy, tolerance: str, passed: bool) -> None:
    toy.checks = [anonymous("error", f"tolerance: {tolerance}")]
    assert toy.run().success is passed


def test_the_share_may_be_the_companys_own_parameter(toy: Toy) -> None:
    toy.checks = [anonymous("warn", "tolerance: @rejected_tolerance")]
    assert evaluated(toy.run())["tolerance"] == 0.05


def test_the_share_may_be_of_another_table(toy: Toy) -> None:
    toy.checks = [anonymous("error", "tolerance: 0.5", "of: profiles")]
    found = evaluated(toy.run())
    assert (found["passed"], found["rows of profiles"], found["share"]) == (True, 2, 0.5)


def test_a_check_belongs_to_its_partition(toy: Toy) -> None:
    toy.checks = [anonymous("warn")]
    toy.run()
    toy.visits = lambda days: visits_of(days).assign(customer_id="c1")
    toy.run(DAY + timedelta(days=1))
    check = dg.AssetCheckKey(dg.AssetKey([STRATEGY, "visits"]), "check_0")
    records = toy.instance.event_log_storage.get_asset_check_execution_history(check, limit=10)
    assert {record.partition: record.status.value for record in records} == {
        partition_key("shop", DAY): "FAILED",
        partition_key("shop", DAY + timedelta(days=1)): "SUCCEEDED",
    }


def test_a_check_of_a_log_judges_the_day_and_not_those_before(toy: Toy) -> None:
    toy.run_history(Days(DAY - timedelta(days=3), DAY - timedelta(days=1)))
    toy.checks = [anonymous("warn")]
    assert evaluated(toy.run())["rows of visits"] == 3


def test_what_is_plotted_of_a_check_is_of_one_company(toy: Toy) -> None:
    toy.checks = [anonymous("warn")]
    (evaluation,) = toy.run().get_asset_check_evaluations()
    numbers = [name for name, value in evaluation.metadata.items() if isinstance(value.value, int | float)]
    assert "share (shop)" in numbers
    assert [name for name in numbers if not name.endswith(f" ({toy.company.name})")] == []


def test_many_offenders_are_counted_and_a_few_are_shown(toy: Toy) -> None:
    visits = visits_of(Days.one(DAY)).iloc[[2] * 50].assign(visit_id=range(50))
    toy.visits = lambda days: visits
    toy.checks = [anonymous("warn")]
    found = evaluated(toy.run())
    assert found["violations"] == 50
    assert [line.split()[1] for line in found["examples"].splitlines()[2:]] == [str(n) for n in range(10)]


def described(toy: Toy, check: str) -> str:
    """What a terminal and an alert say of the check."""
    toy.checks = [check]
    (evaluation,) = toy.run().get_asset_check_evaluations()
    assert evaluation.description is not None
    return str(evaluation.description)


def counted(select: str) -> str:
    return f"-- There is something.\n-- table: profiles\n-- severity: warn\nSELECT {select}"


def test_a_table_of_one_row_is_told_with_its_counters(toy: Toy) -> None:
    toy.profiles = lambda days: profiles_of(days).slice(0, 1)
    counters = "0 AS active_offers, COUNT(*) AS customers, CAST(NULL AS INT64) AS reached, 2 / 3 AS share"
    assert described(toy, counted(f"@as_of AS as_of, {counters} FROM profiles")) == (
        "1 row violates the rule (none allowed): active_offers 0, customers 1, share 0.666667."
    )


def test_the_rows_of_a_table_of_few_are_told_and_masked(toy: Toy) -> None:
    assert described(toy, counted("as_of, customer_id, email, nickname FROM profiles")) == (
        "2 of 2 rows violate the rule (none allowed): "
        "customer_id c1, email a***@***.example, nickname A***; customer_id c2, email n***."
    )


def test_what_they_say_stays_one_line_and_is_cut(toy: Toy) -> None:
    said = described(toy, counted("'Nothing was\\ntrained.' AS words FROM profiles LIMIT 1"))
    assert said == "1 of 2 rows (50.00%) violates the rule (none allowed): words Nothing was trained."
    said = described(toy, counted("REPEAT('long ', 1000) AS words FROM profiles LIMIT 1"))
    assert (len(said), said[-1]) == (2_000, "…")


@pytest.mark.parametrize(
    ("rows", "told"), [(3, ": visit_id 2, event_date 2025-09-10, email a***@***.example."), (4, ".")]
)
def test_rows_of_a_table_of_many_are_not_told(toy: Toy, rows: int, told: str) -> None:
    visits = visits_of(Days.one(DAY)).iloc[[0, 1, 2, 0][:rows]].assign(visit_id=range(rows))
    toy.visits = lambda days: visits
    assert described(toy, anonymous("warn")).endswith(f" violates the rule (none allowed){told}")


def test_many_rows_held_against_a_table_of_few_are_not_told(toy: Toy) -> None:
    visits = visits_of(Days.one(DAY)).iloc[[2] * 4].assign(visit_id=range(4))
    toy.visits = lambda days: visits
    assert described(toy, anonymous("warn", "of: profiles")) == "4 violations of the rule (none allowed)."


def test_a_check_that_nothing_breaks_has_nothing_to_tell(toy: Toy) -> None:
    said = described(toy, counted("customer_id FROM profiles WHERE customer_id = 'c3'"))
    assert said == "0 of 2 rows violate the rule (none allowed)."


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("-- severity: warn", "1: `-- table:` must name the table that the check guards, not nothing"),
        ("-- table: visit\n-- severity: warn", "1: `-- table:` must name the table that the check guards, not visit"),
        ("-- table: visits", "1: `-- severity:` must be error or warn, not missing"),
        ("-- table: visits\n-- severity: fatal", "2: `-- severity:` must be error or warn, not fatal"),
        ("-- table: visits\n-- severity: warn\n-- of: x", "3: `-- of:` names x, which is not a table of the strategy"),
        (
            "-- table: visits\n-- severity: warn\n-- tolerance: 5%",
            "3: `-- tolerance:` must be a share between 0 and 1 or a @parameter, not 5%",
        ),
        (
            "-- table: visits\n-- severity: warn\n-- tolerance: 1.5",
            "3: `-- tolerance:` must be a share between 0 and 1 or a @parameter, not 1.5",
        ),
        (
            "-- table: visits\n-- severity: warn\n-- tolerance: nan",
            "3: `-- tolerance:` must be a share between 0 and 1 or a @parameter, not nan",
        ),
        (
            "-- table: visits\n-- severity: warn\n-- tolerance: @x",
            "3: `-- tolerance:` names @x, which is not a parameter",
        ),
        (
            "-- table: visits\n-- severity: warn\n-- look-back: visits 3",
            "3: a check of a log is shown the days that it judges and no others",
        ),
    ],
)
def test_a_header_that_does_not_fit_stops_the_definitions(toy: Toy, header: str, message: str) -> None:
    toy.checks = [f"{header}\nSELECT visit_id FROM visits"]
    with pytest.raises(QueryError) as caught:
        toy.pipeline()
    assert str(caught.value) == f"sql/validation/replenishment/check_0.sql:{message}"
