"""The `files` connector: which files a path means, days, Parquet, and files that differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.companies.source_tables import missing_columns_text
from recs_platform.sources.connectors.base import read_source
from recs_platform_tests.sources.connectors.reading import CATALOG, Reader

Put = Callable[[str, str | bytes], None]
ENDINGS = ".parquet, .csv, .csv.gz, .zip or .xlsx"
DELIVER = "Deliver the file, or correct sources.catalog.path in the company file."


def files(path: str, **more: object) -> dict[str, object]:
    return {"connector": "files", "path": path, **more}


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["item_id"] for row in rows]


# --- which files ----------------------------------------------------------------------------------------------------


def test_a_folder_is_its_data_files_in_the_order_of_their_names(reader: Reader, put: Put, tmp_path: Path) -> None:
    put("catalog/b.csv", "item_id,price\nb,1\n")
    put("catalog/a.CSV", "price,item_id\n1,a\n")
    for other in ("_SUCCESS", "_old.csv", ".hidden.csv", "readme.txt", "deeper/c.csv"):
        put(f"catalog/{other}", "item_id,price\nother,1\n")
    assert ids(reader.rows(files("catalog"))) == ["a", "b"]
    assert ids(reader.rows(files(f"{tmp_path}/catalog"))) == ["a", "b"]


def test_patterns(reader: Reader, put: Put) -> None:
    for name in ("x/a1.csv", "x/a2.csv", "y/a3.csv", "y/b4.csv", "y/a5.txt"):
        put(name, f"item_id,price\n{name[3]},1\n")
    assert ids(reader.rows(files("x/*.csv"))) == ["1", "2"]
    assert ids(reader.rows(files("?/a*"))) == ["1", "2", "3"]
    assert ids(reader.rows(files("**/*[34].csv"))) == ["3", "4"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("gone.csv", "catalog: the file gone.csv does not exist"),
        ("x/*.parquet", "catalog: no {ENDINGS} file matches x/*.parquet"),
        ("empty", "catalog: the folder empty has no {ENDINGS} file"),
    ],
)
def test_no_file(reader: Reader, tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    assert reader.complaint(files(path)) == f"{message.format(ENDINGS=ENDINGS)}. {DELIVER}"


def test_a_file_with_another_ending(reader: Reader, put: Put) -> None:
    put("catalog.xls", "PK")
    assert reader.complaint(files("catalog.xls")) == (
        f"catalog: catalog.xls does not end in {ENDINGS}. Rename the file to what it holds."
    )


# --- days -----------------------------------------------------------------------------------------------------------


def events(*ids: str) -> str:
    return "event_id,event_ts,event_name\n" + "".join(f"{n},2025-09-01 10:00:00,order_line\n" for n in ids)


def test_each_day_has_its_file_and_rows_say_which(reader: Reader, put: Put) -> None:
    for day in (1, 2, 3, 4):
        put(f"events/2025-09-0{day}.csv", events(f"e{day}"))
    rows = reader.rows(files("events/{date}.csv"), "events", days=3)
    assert [(row["event_id"], row["source_day"]) for row in rows] == [
        ("e1", date(2025, 9, 1)),
        ("e2", date(2025, 9, 2)),
        ("e3", date(2025, 9, 3)),
    ]


def test_a_day_may_be_a_folder_or_a_pattern(reader: Reader, put: Put) -> None:
    put("events/day=2025-09-01/part-0.csv", events("a"))
    put("events/day=2025-09-01/part-1.csv", events("b"))
    for path in ("events/day={date}", "events/*{date}/part-*.csv"):
        assert [row["event_id"] for row in reader.rows(files(path), "events")] == ["a", "b"]


def test_missing_days_are_listed_and_nothing_is_read(reader: Reader, put: Put) -> None:
    put("events/2025-09-01.csv", events("e1"))
    put("events/2025-09-03.csv", "broken")
    message = reader.complaint(files("events/{date}.csv"), "events", days=4)
    remedy = "Deliver the files, or set sources.events.missing_day: empty in the company file."
    assert message == f"events: there is no file for 2025-09-02, 2025-09-04 at events/{{date}}.csv. {remedy}"
    message = reader.complaint(files("events/{date}.csv"), "events", days=9)
    five = "2025-09-02, 2025-09-04, 2025-09-05, 2025-09-06, 2025-09-07"
    assert message == f"events: there is no file for {five} and 2 more at events/{{date}}.csv. {remedy}"


def test_missing_days_may_mean_that_nothing_happened(reader: Reader, put: Put) -> None:
    source = files("events/{date}.csv", missing_day="empty")
    empty = reader.table(source, "events", days=3)
    assert len(empty) == 0
    assert {"event_id", "event_ts", "event_name", "channel", "source_day"} <= set(empty.schema.names)
    assert "event_date" not in empty.schema.names
    put("events/2025-09-02.csv", events("e2"))
    assert [row["event_id"] for row in reader.rows(source, "events", days=3)] == ["e2"]


def test_a_broken_day_is_no_missing_day(reader: Reader, put: Put) -> None:
    put("events/2025-09-01.csv", "")
    message = reader.complaint(files("events/{date}.csv", missing_day="empty"), "events")
    assert message.startswith("events: events/2025-09-01.csv is empty (0 bytes). ")


# --- Parquet --------------------------------------------------------------------------------------------------------


def write(path: Path, **columns: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def test_parquet_keeps_its_types_and_loses_the_date_column(reader: Reader, tmp_path: Path) -> None:
    moment = pa.array([1_756_720_800_000], pa.timestamp("ms", tz="Europe/Berlin"))
    write(
        tmp_path / "e.parquet",
        event_name=pa.array(["order_line"]).dictionary_encode(),
        event_ts=moment,
        event_id=pa.array([7], pa.int32()),
        event_date=pa.array([date(1999, 1, 1)]),
        unused=[[1]],
    )
    assert reader.table(files("e.parquet"), "events").schema == pa.schema(
        [
            ("event_id", pa.int32()),
            ("event_ts", moment.type),
            ("event_name", pa.string()),
            ("source_day", pa.date32()),
        ]
    )


def test_files_that_differ_become_one_table_by_name(reader: Reader, put: Put, tmp_path: Path) -> None:
    write(tmp_path / "c" / "1.parquet", item_id=[1], price=[2], cost=pa.nulls(1), name=["one"])
    write(tmp_path / "c" / "2.parquet", price=[2.5], cost=[1.5], item_id=[2])
    assert reader.table(files("c")).schema == pa.schema(
        [
            ("item_id", pa.int64()),
            ("name", pa.string()),
            ("price", pa.float64()),
            ("cost", pa.float64()),
            ("source_day", pa.date32()),
        ]
    )
    put("c/3.csv", "item_id,price\nA,9\n")
    assert [(row["item_id"], row["price"], row["name"], row["cost"]) for row in reader.rows(files("c"))] == [
        ("1", "2", "one", None),
        ("2", "2.5", None, 1.5),
        ("A", "9", None, None),
    ]


def test_a_required_column_must_be_in_every_file(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c" / "1.parquet", item_id=[1], price=[2])
    write(tmp_path / "c" / "2.parquet", item_id=[1])
    assert reader.complaint(files("c")) == (
        "catalog, column price: c/2.parquet has no column price; it has item_id. "
        "Name the source's column in the company file: sources.catalog.columns.price. "
        "If the source lacks it, give one value for all rows: sources.catalog.constants.price. "
        + missing_columns_text(CATALOG, ["price"])
    )


def test_several_required_columns_are_named_together(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.parquet", name=["x"])
    assert reader.complaint(files("c.parquet")).startswith(
        "catalog, column item_id, price: c.parquet has no column item_id, price; it has name. "
    )


def test_a_file_without_rows_is_fine(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.parquet", item_id=pa.array([], pa.string()), price=pa.array([], pa.float64()))
    assert reader.rows(files("c.parquet")) == []


def test_nested_columns(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c.parquet", item_id=["a"], price=[1.0], tags=[["x", "y"]])
    assert reader.complaint(files("c.parquet")) == (
        "catalog, column tags: is nested (list<element: string>) in c.parquet, where one value per row is expected. "
        "Write the value as a column of its own."
    )


def test_damaged_parquet(reader: Reader, put: Put, tmp_path: Path) -> None:
    write(tmp_path / "good.parquet", item_id=[str(n) for n in range(1000)], price=list(range(1000)))
    whole = (tmp_path / "good.parquet").read_bytes()
    expected = "is not a Parquet file, or is damaged. Deliver it again; it may have been cut off."
    put("cut.parquet", whole[:-100])
    assert reader.complaint(files("cut.parquet")) == f"catalog: cut.parquet {expected}"
    put("text.parquet", "item_id,price\n1,2\n")
    assert reader.complaint(files("text.parquet")) == f"catalog: text.parquet {expected}"
    put("page.parquet", whole[:4] + b"\xff" * 400 + whole[404:])
    assert reader.complaint(files("page.parquet")) == f"catalog: page.parquet {expected}"


def test_values_that_no_common_type_can_hold(reader: Reader, tmp_path: Path) -> None:
    write(tmp_path / "c" / "1.parquet", item_id=["a"], price=pa.array([2**60 + 1]))
    write(tmp_path / "c" / "2.parquet", item_id=["b"], price=[2.5])
    assert reader.complaint(files("c")) == (
        "catalog, column price: is int64 in c/1.parquet and double in other files, and not every value can be "
        "converted. Write the column with one type in all files."
    )


def test_parquet_is_streamed(reader: Reader, tmp_path: Path) -> None:
    rows = 300_000
    write(tmp_path / "c.parquet", item_id=pa.array(range(rows)), price=pa.array([1.0] * rows))
    batches = list(read_source(reader.request(files("c.parquet"))))
    assert sum(len(batch) for batch in batches) == rows
    assert max(len(batch) for batch in batches) <= 65_536


# --- names that look like patterns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["data[1]", "a*", "what?", "[", "a]b", "**", "[!a]", "%41", "a#b", "~", "a b", "a'b", "ä", "\\a", "a\\*"]
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_name_of_a_file_is_that_file(reader: Reader, tmp_path: Path, name: str, ending: str) -> None:
    for other in (name, "data1", "ab", "whatx", "A", "b", "x1", "aXb"):
        one_row(tmp_path / "in" / f"{other}.{ending}", other)
    assert ids(reader.rows(files(f"in/{name}.{ending}"))) == [name]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_file_of_a_folder_is_read_once_whatever_its_name(reader: Reader, tmp_path: Path, ending: str) -> None:
    names = ["a*", "ab", "a[b]", "a?", "**", "[a-z]b"]
    for name in names:
        one_row(tmp_path / "in[1]" / f"{name}.{ending}", name)
    assert sorted(map(str, ids(reader.rows(files("in[1]"))))) == sorted(names)
    assert sorted(map(str, ids(reader.rows(files("in[1]/*b*"))))) == ["[a-z]b", "a[b]", "ab"]


def test_a_link_to_a_file_that_is_read_anyway_is_another_name_of_it(reader: Reader, put: Put, tmp_path: Path) -> None:
    put("in/a.csv", "item_id,price\na,1\n")
    (tmp_path / "in" / "b.csv").symlink_to(tmp_path / "in" / "a.csv")
    assert ids(reader.rows(files("in"))) == ["a", "a"]


def one_row(path: Path, name: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".csv":
        path.write_text(f'item_id,price\n"{name}",1\n')
    else:
        write(path, item_id=[name], price=[1.0])
