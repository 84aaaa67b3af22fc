"""What is made of the same is carried over, with the same rows as if it were made; whatever is another is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.model import Company
from recs_platform.errors import DamageError, SourceError
from recs_platform.pipeline import ingredients
from recs_platform.pipeline.carrying import CARRIED_FROM, made_or_carried
from recs_platform.pipeline.ingredients import differing, never_the_same
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import KNOWN, pipelines
from recs_platform.warehouse import program
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import INGREDIENTS, Days
from recs_platform_tests.warehouse.conftest import open_lake

pytestmark = pytest.mark.slow

START = date(2025, 9, 1)
DAY = START + timedelta(days=9)
NEXT = DAY + timedelta(days=1)
TABLES = (
    *("landed_catalog", "landed_fitment", "landed_order_history"),
    *("catalog", "fitment", "order_history", "eligible_parts"),
)
CATALOG = "item_id,name,category,brand,price,cost,group_id,tags,image_url\n" + "".join(
    f"i{n},Part {n},lamps,acme,{10 + n},4,,,https://img.example.com/{n}.jpg\n" for n in range(6)
)
FITMENT = "vehicle_year,vehicle_make,vehicle_model,item_id\n" + "".join(f"2001,Audi,A4,i{n}\n" for n in range(5))
ORDERS = "order_line_id,item_id,ordered_at,customer_id,quantity,unit_price\nh1,i1,2024-05-01 10:00:00,c1,1,9.5\n"


@pytest.fixture(autouse=True)
def settings_of_this_test() -> Iterator[None]:
    yield
    settings.cache_clear()


@dataclass
class Shop:
    """A company that is fed by files, and the tables that its feeds make in its lake."""

    folder: Path
    parameters: dict[str, Any] = field(default_factory=lambda: {"min_price": 5, "min_parts": 4})
    path: str = "{date}"
    pipeline: Pipeline = field(default_factory=lambda: pipelines()["vehicle_fitment"])

    @property
    def lake(self) -> Lake:
        return open_lake(str(self.folder / "lake"), self.folder / "scratch", ledger=self._ledger)

    def __post_init__(self) -> None:
        self._ledger = open_lake(str(self.folder), self.folder / "scratch").ledger

    @property
    def company(self) -> Company:
        source = {"connector": "files"}
        feeds = {name: {**source, "path": str(self.folder / self.path / f"{name}.csv")} for name in FEEDS}
        return Company.model_validate(
            {
                "name": "shop",
                "strategy": "vehicle_fitment",
                "dataset": "shop",
                "timezone": "UTC",
                "currency": "EUR",
                "start_date": START,
                "simulation": {},
                "sources": feeds,
                "parameters": self.parameters,
            },
            context=KNOWN,
        )

    def feed(self, day: date, **changed: str) -> None:
        folder = self.folder / self.path.replace("{date}", str(day))
        folder.mkdir(exist_ok=True)
        for name, content in {**FEEDS, **changed}.items():
            (folder / f"{name}.csv").write_text(content)

    def make(self, day: date, *tables: str) -> dict[str, date | None]:
        """Make them; says which day each took over."""
        lake, company = self.lake, self.company
        taken = {}
        for name in tables or TABLES:
            subject = Subject(name, company.name, self.pipeline.ref(name, company), Days.one(day))
            query = self.pipeline.bind(name, company, Days.one(day))
            written = made_or_carried(
                self.pipeline, company, subject, query, lake, audits=(SCHEMA_AUDIT,), note={"run": "r"}
            )
            taken[name] = written.carried_from
        return taken

    def rows(self, name: str, day: date) -> list[dict[str, Any]]:
        with self.lake.read(self.pipeline.ref(name, self.company), Days.one(day)) as reader:
            rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        return sorted(rows, key=repr)

    def fingerprints(self, day: date) -> dict[str, str]:
        return {name: self.lake.fingerprint(self.pipeline.ref(name, self.company), day) for name in TABLES}


FEEDS = {"catalog": CATALOG, "fitment": FITMENT, "order_history": ORDERS}
ALL = dict.fromkeys(TABLES, DAY)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Its first day is made."""
    shop = Shop(tmp_path)
    shop.feed(DAY)
    assert shop.make(DAY) == dict.fromkeys(TABLES, None)
    return shop


def test_the_same_feeds_are_carried_through_and_give_what_they_would_make(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.feed(NEXT)
    assert shop.make(NEXT) == ALL
    assert len(shop.rows("eligible_parts", NEXT)) == 5
    assert {row["as_of"] for row in shop.rows("landed_catalog", NEXT)} == {NEXT}
    monkeypatch.setenv("RECS_CARRY", "off")
    settings.cache_clear()
    afresh = Shop(tmp_path_factory.mktemp("afresh"))
    for day in (DAY, NEXT):
        afresh.feed(day)
        assert afresh.make(day) == dict.fromkeys(TABLES, None)
    assert afresh.fingerprints(NEXT) == shop.fingerprints(NEXT)


def test_a_file_that_is_carried_has_the_bytes_that_would_be_written(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitment = FITMENT + "".join(f"{year},Audi,A4,i1\n" for year in range(1990, 2000))
    shop, afresh = (Shop(tmp_path_factory.mktemp(name)) for name in ("carried", "afresh"))
    for day in (DAY, NEXT):
        shop.feed(day, fitment=fitment)
        afresh.feed(day, fitment=fitment)
        shop.make(day, "landed_fitment")
    monkeypatch.setenv("RECS_CARRY", "off")
    settings.cache_clear()
    afresh.make(NEXT, "landed_fitment")
    ref = shop.pipeline.ref("landed_fitment", shop.company)
    assert CARRIED_FROM in shop.lake.slices(ref)[-1].note
    assert shop.lake.checksum(ref, Days.one(NEXT)) == afresh.lake.checksum(ref, Days.one(NEXT))


def test_a_slice_says_where_its_rows_are_from(shop: Shop) -> None:
    shop.feed(NEXT)
    shop.make(NEXT)
    before, after = shop.lake.slices(shop.pipeline.ref("fitment", shop.company))
    assert after.note[CARRIED_FROM] == str(DAY)
    assert after.note["run"] == "r"
    assert after.note[INGREDIENTS] == before.note[INGREDIENTS]
    assert (before.rows, after.rows) == (5, 5)


def test_a_chain_needs_no_earlier_link(shop: Shop) -> None:
    for days in range(1, 4):
        shop.feed(DAY + timedelta(days=days))
        assert shop.make(DAY + timedelta(days=days)) == dict.fromkeys(TABLES, DAY + timedelta(days=days - 1))
    ref = shop.pipeline.ref("fitment", shop.company)
    [*_, third] = shop.lake.slices(ref)
    for name in TABLES:
        for file in (shop.folder / "lake" / "shop" / name / f"as_of={DAY}").iterdir():
            file.unlink()
    assert len(shop.rows("eligible_parts", third.day)) == 5
    assert [str(finding.day) for finding in shop.lake.inspect(ref).findings] == [str(DAY)]
    with pytest.raises(DamageError):
        shop.rows("fitment", DAY)


@pytest.mark.parametrize(
    ("feed", "content", "made"),
    [
        ("fitment", FITMENT + "1999,Audi,A4,i5\n", {"landed_fitment", "fitment", "eligible_parts"}),
        ("catalog", CATALOG.replace("lamps", "doors"), {"landed_catalog", "catalog", "eligible_parts"}),
        # Other bytes that say the same: nobody knows that before they are read.
        ("catalog", CATALOG.replace("\n", "\r\n"), {"landed_catalog", "catalog", "eligible_parts"}),
        ("order_history", ORDERS.replace("9.5", "9.4"), {"landed_order_history", "order_history"}),
    ],
)
def test_another_feed_is_made_and_so_is_what_is_made_of_it(shop: Shop, feed: str, content: str, made: set[str]) -> None:
    shop.feed(NEXT, **{feed: content})
    assert {name for name, taken in shop.make(NEXT).items() if taken is None} == made


def test_a_feed_that_was_corrected_after_its_day_was_made_is_made(shop: Shop) -> None:
    corrected = FITMENT + "1999,Audi,A4,i5\n"
    shop.feed(DAY, fitment=corrected)
    shop.feed(NEXT, fitment=corrected)
    assert shop.make(NEXT)["fitment"] is None
    shop.make(DAY)
    assert shop.make(NEXT)["fitment"] == DAY


def test_a_feed_that_changes_while_it_is_read_is_not_taken_for_what_it_was(shop: Shop, monkeypatch: Any) -> None:
    shop.feed(NEXT, fitment=FITMENT + "1999,Audi,A4,i5\n")
    feed_files = type(_sql(shop, "landed_fitment").feed)
    taken = feed_files.fingerprint

    def and_then_another(self: Any, company: Company, days: Days) -> str:
        found: str = taken(self, company, days)
        if self.spec.name == "fitment":
            shop.feed(NEXT, fitment=FITMENT + "1998,Audi,A4,i5\n")
        return found

    monkeypatch.setattr(feed_files, "fingerprint", and_then_another)
    shop.make(NEXT, "landed_fitment")
    [*_, last] = shop.lake.slices(shop.pipeline.ref("landed_fitment", shop.company))
    assert {row["vehicle_year"] for row in shop.rows("landed_fitment", NEXT)} == {2001, 1998}
    assert INGREDIENTS not in last.note


def _sql(shop: Shop, name: str) -> SqlTable:
    table = shop.pipeline.tables[name]
    assert isinstance(table, SqlTable)
    return table


def _other_parameter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.parameters["min_price"] = 9


def _other_program(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingredients, "program", lambda: "another")


def _other_query(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {**shop.pipeline.tables}
    for name in TABLES:
        table = _sql(shop, name)
        text = table.query.text.replace("SELECT", "SELECT ", 1)
        tables[name] = replace(table, query=parse_query(name, text, table.query.path))
    stages = [replace(s, tables=tuple(tables[t.spec.name] for t in s.tables)) for s in shop.pipeline.stages]
    shop.pipeline = replace(shop.pipeline, stages=stages)


def _switched_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECS_CARRY", "off")
    settings.cache_clear()


def _damaged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TABLES:
        (file,) = (shop.folder / "lake" / "shop" / name / f"as_of={DAY}").iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


def _brought_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier version of the table held, nobody notes."""
    shop.make(DAY)
    for name in TABLES:
        ref = shop.pipeline.ref(name, shop.company)
        shop.lake.restore(ref, shop.lake.versions(ref)[1].version)


def _accepted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TABLES:
        shop.lake.accept(shop.pipeline.ref(name, shop.company))


@pytest.mark.parametrize(
    ("change", "made"),
    [
        (_other_parameter, set(TABLES)),
        (_other_program, set(TABLES)),
        (_other_query, set(TABLES)),
        (_switched_off, set(TABLES)),
        (_damaged, set(TABLES)),
        (_brought_back, set(TABLES)),
        (_accepted, set(TABLES)),
    ],
)
def test_whatever_changes_it_is_made(
    shop: Shop, change: Callable[[Shop, pytest.MonkeyPatch], None], made: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.feed(NEXT)
    change(shop, monkeypatch)
    taken = shop.make(NEXT)
    assert {name for name, day in taken.items() if day is None} == made


def test_a_parameter_of_a_query_makes_its_table_though_every_input_is_the_same(shop: Shop) -> None:
    shop.feed(NEXT)
    shop.make(NEXT, *TABLES[:-1])
    shop.parameters["min_price"] = 9
    assert shop.make(NEXT, "eligible_parts") == {"eligible_parts": None}
    # It has none of it in its query, and its inputs are the same.
    assert shop.make(NEXT, "fitment") == {"fitment": DAY}


def test_another_module_or_package_is_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "syntax.py").write_text("A = 1")
    first = program.program_at(tmp_path)
    (tmp_path / "warehouse" / "syntax.py").write_text("A = 2")
    second = program.program_at(tmp_path)
    (tmp_path / "warehouse" / "syntax.py").rename(tmp_path / "warehouse" / "rules.py")
    third = program.program_at(tmp_path)
    monkeypatch.setattr(program, "version", lambda name: "99")
    assert len({first, second, third, program.program_at(tmp_path)}) == 4


def test_what_is_ordered_after_the_day_is_made_when_its_day_has_come(tmp_path: Path) -> None:
    """An undated feed holds what it holds: a row that is left out of a day belongs to a later one."""
    shop = Shop(tmp_path, path="feeds")
    late = DAY + timedelta(days=2)
    shop.feed(DAY, order_history=ORDERS + f"h2,i1,{late} 10:00:00,c1,1,9.5\n")
    taken, rows = [], []
    for day in Days(DAY, late + timedelta(days=2)):
        taken.append(shop.make(day, "landed_order_history", "order_history")["order_history"] is not None)
        rows.append(len(shop.rows("order_history", day)))
    assert rows == [1, 1, 2, 2, 2]
    assert taken == [False, False, False, False, True]


def test_what_is_after_its_day_is_rejected_until_then(shop: Shop) -> None:
    later = ORDERS + f"h2,i1,{NEXT} 10:00:00,c1,1,9.5\n"
    shop.feed(DAY, order_history=later)
    shop.feed(NEXT, order_history=later)
    shop.make(DAY, "landed_order_history")
    assert [row["rejection"] for row in shop.rows("landed_order_history", DAY)] == [
        None,
        "ordered_at is after its day",
    ]
    assert shop.make(NEXT, "landed_order_history") == {"landed_order_history": None}
    assert [row["rejection"] for row in shop.rows("landed_order_history", NEXT)] == [None, None]


def test_a_feed_that_is_refused_is_refused_the_next_day_too(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for day in (DAY, NEXT):
        shop.feed(day, fitment="vehicle_year,vehicle_make,vehicle_model,item_id\n1,A,B,i1\n")
        with pytest.raises(SourceError, match="unusable"):
            shop.make(day, "landed_fitment")


def test_without_a_day_before_it_is_made_and_a_later_day_is_no_day_before(shop: Shop) -> None:
    before = DAY - timedelta(days=1)
    shop.feed(before)
    assert shop.make(before) == dict.fromkeys(TABLES, None)


def test_a_company_file_that_reads_the_feed_otherwise(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.feed(NEXT)
    company = shop.company
    renamed = company.sources["fitment"].model_copy(update={"columns": {"vehicle_make": ("vehicle_model",)}})
    changed = company.model_copy(update={"sources": {**company.sources, "fitment": renamed}})
    monkeypatch.setattr(Shop, "company", changed)
    assert shop.make(NEXT, "landed_fitment") == {"landed_fitment": None}
    assert {row["vehicle_make"] for row in shop.rows("landed_fitment", NEXT)} == {"A4"}


def test_why_a_table_is_never_carried_is_said(shop: Shop) -> None:
    why = {name: never_the_same(shop.pipeline, shop.company, name) for name in shop.pipeline.tables}
    assert {name for name, reason in why.items() if not reason} >= {*TABLES, "vehicle_ranking"}
    assert why["events"] == "it is a log: every day has rows of its own"
    assert why["purchases"] == "it reads the log events, of which every day shows other days"
    assert why["segment_popularity"] == "its rows depend on the day: it uses @as_of"
    assert "Python" in why["off_policy_evaluation"]


def test_what_differs_is_named() -> None:
    assert differing({"a": "1", "b": "1"}, {"a": "2", "c": "1"}) == ["a", "c", "b"]
    assert differing({"a": "1"}, {"a": "1"}) == []


def test_links_of_files_are_not_shared(shop: Shop) -> None:
    shop.feed(NEXT)
    shop.make(NEXT)
    for name in TABLES:
        for file in (shop.folder / "lake" / "shop" / name).rglob("*.parquet"):
            assert file.stat().st_nlink == 1
