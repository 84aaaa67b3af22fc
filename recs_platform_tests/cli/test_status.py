"""`recs status`: never run, fresh, stale. Failed and interrupted runs are in test_run.py."""

from __future__ import annotations

from datetime import date

import pytest

from recs_platform_tests.cli.terminal import Terminal, not_up_to_date


def test_a_company_that_never_ran(used: Terminal) -> None:
    ended = used.recs("status")
    assert ended.code == 0
    assert "4 companies: 1 late, 3 not started." in ended.told
    assert "acme: make its first day: recs run acme --date" in ended.told
    (acme,) = used.recs("status", "--company", "acme", "--json").json
    assert {table["state"] for table in acme["tables"]} == {"missing"}


def test_every_column_stands_under_its_title(used: Terminal) -> None:
    titles, first, *_ = used.recs("status").rows
    cells = dict(zip(titles, first, strict=True))
    assert (cells["company"], cells["health"], cells["whole until"]) == ("concord", "late", "2025-09-03")
    assert cells["live"].endswith("of 2025-09-03")
    titles, row = used.recs("status", "concord").tables[0]
    of_one = dict(zip(titles, row, strict=True))
    assert of_one["newest day"] == "2025-09-03"
    assert (of_one["missing"], of_one["failed"], of_one["last run"]) == ("0", "0", "succeeded")


def test_json_has_the_line_and_the_tables_of_every_company(used: Terminal) -> None:
    lines = {line["company"]: line for line in used.recs("status", "--json").json}
    concord = lines["concord"]
    assert (concord["health"], concord["newest_whole"], concord["alerts"]) == ("late", "2025-09-03", {})
    assert concord["live"][0]["as_of"] == "2025-09-03"
    (alone,) = used.recs("status", "concord", "--json").json
    assert concord["tables"] == alone["tables"]


def test_tables_are_fresh_after_a_run(used: Terminal) -> None:
    (concord,) = used.recs("status", "--company", "concord", "--json").json
    assert not_up_to_date(concord["tables"]) == []
    assert concord["newest"] == "2025-09-03"
    shown = used.recs("status", "--company", "concord")
    assert all(table["table"] in shown.out for table in concord["tables"])


def test_what_was_made_and_has_no_rows_is_empty_and_not_missing(used: Terminal) -> None:
    (concord,) = used.recs("status", "--company", "concord", "--json").json
    tables = {table["table"]: table for table in concord["tables"]}
    empty = [name for name, table in tables.items() if table["state"] == "empty"]
    assert empty
    for name in empty:
        assert (tables[name]["rows"], tables[name]["newest"]) == (0, "2025-09-03")
        assert tables[name]["why"] == "no rows"
    assert tables["customers"]["rows"] > 0


def test_timings_say_of_each_table_whether_it_is_carried_over_and_how_long_it_took(used: Terminal) -> None:
    costs = {cost["table"]: cost for cost in used.recs("status", "concord", "--timings", "--json").json}
    (concord,) = used.recs("status", "concord", "--json").json
    assert list(costs) == [table["table"] for table in concord["tables"]]
    assert (costs["catalog"]["incremental"], costs["catalog"]["why_not"]) == (True, "")
    assert (costs["events"]["incremental"], costs["events"]["why_not"]) == (
        False,
        "it is a log: every day has rows of its own",
    )
    assert all(bool(cost["why_not"]) != cost["incremental"] for cost in costs.values())
    assert all(cost["seconds"] > 0 for cost in costs.values() if cost["newest"])
    shown = used.recs("status", "concord", "--timings")
    assert all(table in shown.out for table in costs)
    assert "take over the rows of the day before" in shown.told


def test_timings_are_those_of_one_company(used: Terminal) -> None:
    ended = used.recs("status", "--timings")
    assert ended.code == 2
    assert "recs status COMPANY --timings" in ended.told


@pytest.mark.slow
def test_what_stands_on_older_days_or_older_inputs_is_stale(copied: Terminal) -> None:
    days = ("--from", "2025-09-03", "--to", "2025-09-03")
    with copied.inside():
        from recs_platform.automation.instance import instance
        from recs_platform.automation.launch import launch
        from recs_platform.automation.plan import Step
        from recs_platform.definitions import build_defs
        from recs_platform.strategies.catalogue import company_named
        from recs_platform.warehouse.slices import Days

        concord = company_named("concord")
        logs = Step(concord.name, concord.strategy.name, Days.one(date(2025, 9, 3)), history=True)
        assert launch(build_defs(), instance(), logs).success
    (state,) = copied.recs("status", "--company", "concord", "--json").json
    tables = {table["table"]: table for table in state["tables"]}
    assert tables["events"]["state"] == "fresh"
    assert tables["source_assessment"]["state"] == "stale"
    assert tables["source_assessment"]["why"].endswith("was replaced later")
    assert copied.recs("backfill", "--company", "concord", *days, "--again").code == 0
    (state,) = copied.recs("status", "--company", "concord", "--json").json
    assert not_up_to_date(state["tables"]) == []
