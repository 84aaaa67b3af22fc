"""Columns that a feed lacks and the company file gives: what may be said, and what becomes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.errors import ConfigError
from recs_platform.sources.conform import open_typed
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.sources.connectors.reading import Reader

Put = Callable[[str, str | bytes], None]
SENDS = "send_id,customer_id,treatment_id,sent_at\n1,a,t1,2025-09-01 10:00:00\n2,b,t2,2025-09-01 11:00:00\n"
LACKING = {"campaign_id": "autumn", "arm": "personalised", "propensity": 0.5}


def problem(folder: Path, table: str, **source: Any) -> str:
    """What loading says of one source, after the file's name."""
    with pytest.raises(ConfigError) as caught:
        shop(folder, sources={table: {"connector": "files", "path": "x.csv", **source}})
    return str(caught.value).partition("shop.yaml: ")[2]


def test_a_feed_without_a_column_is_given_one_value_for_all_rows(reader: Reader, put: Put) -> None:
    put("sends.csv", SENDS)
    source = {"connector": "files", "path": "sends.csv", "constants": LACKING}
    rows = reader.rows(source, "treatments")
    assert [(row["send_id"], row["campaign_id"], row["arm"], row["propensity"]) for row in rows] == [
        ("1", "autumn", "personalised", 0.5),
        ("2", "autumn", "personalised", 0.5),
    ]
    with open_typed(reader.request(source, "treatments")) as typed:
        table = typed.read_all()
    assert table["arm"].to_pylist() == ["personalised", "personalised"]
    assert table["unreadable"].null_count == 2


def test_without_it_the_column_is_missing_and_the_remedy_names_it(reader: Reader, put: Put) -> None:
    put("sends.csv", SENDS)
    complaint = reader.complaint({"connector": "files", "path": "sends.csv"}, "treatments")
    assert complaint.startswith("treatments, column campaign_id, arm: sends.csv has no column campaign_id, arm; it has")
    assert "If the source lacks it, give one value for all rows: sources.treatments.constants.campaign_id." in complaint


def test_parquet_and_databases_take_constants_too(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"item_id": ["a", "b"]}), tmp_path / "c.parquet")
    constants = {"price": 9, "is_fresh": True, "price_tier": 2}
    expected = [{**constants, "item_id": item, "price": 9.0, "source_day": None} for item in ("a", "b")]
    assert reader.rows({"connector": "files", "path": "c.parquet", "constants": constants}) == expected

    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE items (item_id TEXT)")
        database.execute("INSERT INTO items VALUES ('a'), ('b')")
    database.close()
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    source = {"connector": "sql", "url_env": "SHOP_DATABASE_URL", "query": "SELECT item_id FROM items"}
    assert reader.rows({**source, "constants": constants}) == expected


def test_moments_are_utc_and_a_day_is_its_first_moment(reader: Reader, put: Put) -> None:
    put("c.csv", "customer_id\na\n")
    for written, moment in (
        ("2025-09-01 12:00:00+02:00", datetime(2025, 9, 1, 10)),
        ("2025-09-01 12:00:00", datetime(2025, 9, 1, 12)),
        ("2025-09-01", datetime(2025, 9, 1)),
    ):
        source = {"connector": "files", "path": "c.csv", "constants": {"updated_at": written}}
        assert reader.rows(source, "customers")[0]["updated_at"] == moment


def test_a_day_without_a_file_has_no_rows(reader: Reader, put: Put) -> None:
    source = {"connector": "files", "path": "{date}.csv", "missing_day": "empty", "constants": LACKING}
    assert reader.rows(source, "treatments") == []
    put("2025-09-02.csv", SENDS)
    assert [row["arm"] for row in reader.rows(source, "treatments", days=2)] == ["personalised"] * 2


def test_a_constant_and_a_column_are_one_too_many(reader: Reader, put: Put, tmp_path: Path) -> None:
    put("sends.csv", SENDS)
    source = {"connector": "files", "path": "sends.csv", "constants": {**LACKING, "treatment_id": "t"}}
    assert reader.complaint(source, "treatments") == (
        "treatments, column treatment_id: sends.csv has a column treatment_id, and the company file gives a constant "
        "for it. Take out sources.treatments.constants.treatment_id, or leave the column out of the source."
    )
    both = problem(tmp_path, "treatments", columns={"arm": "Arm"}, constants={"arm": "x"})
    assert both == "sources.treatments.constants.arm: is named under columns, too; leave one of the two."


@pytest.mark.parametrize(
    ("table", "constants", "sentence"),
    [
        (
            "treatments",
            {"amr": "x"},
            'amr: "amr" is not a column of treatments. Did you mean "arm"? Allowed: send_id, ',
        ),
        ("treatments", {"event_date": "2025-09-01"}, 'event_date: "event_date" is not a column of treatments.'),
        ("treatments", {"arm": 1}, "arm: should be a text in quotes, but is 1."),
        ("treatments", {"arm": True}, "arm: should be a text in quotes, but is True."),
        ("treatments", {"arm": " "}, 'arm: should be a text that is not blank, but is " ".'),
        ("treatments", {"arm": None}, "arm: should be a text in quotes, but is None."),
        ("treatments", {"arm": ["x"]}, "arm: should be a text in quotes, but is ['x']."),
        ("treatments", {"propensity": 1.5}, "propensity: should be at most 1, but is 1.5."),
        ("treatments", {"propensity": 0}, "propensity: should be above 0, but is 0."),
        ("treatments", {"propensity": "0.5"}, 'propensity: should be a number, without quotes, but is "0.5".'),
        ("treatments", {"propensity": float("nan")}, "propensity: should be a number, without quotes, but is nan."),
        ("treatments", {"sent_at": "noon"}, "sent_at: should be a point in time such as 2025-09-01 12:00:00, in UTC"),
        ("deliveries", {"status": "sent"}, 'status: should be one of delivered, failed, but is "sent".'),
        ("catalog", {"price": -1}, "price: should be at least 0, but is -1."),
        ("catalog", {"price_tier": 1.5}, "price_tier: should be a whole number, without quotes, but is 1.5."),
        ("catalog", {"is_fresh": "yes"}, 'is_fresh: should be true or false, without quotes, but is "yes".'),
    ],
)
def test_what_is_no_value_of_the_column_fails_at_load(
    tmp_path: Path, table: str, constants: dict[str, Any], sentence: str
) -> None:
    assert problem(tmp_path, table, constants=constants).startswith(f"sources.{table}.constants.{sentence}")


def test_an_event_is_named_in_the_companys_own_words(tmp_path: Path) -> None:
    source = {"connector": "files", "path": "x.csv", "constants": {"event_name": "Sale"}}
    company = shop(tmp_path, sources={"events": source}, event_names={"Sale": "order_line"})
    assert company.sources["events"].constants == {"event_name": "Sale"}
