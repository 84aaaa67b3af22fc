"""A report over tables that were really made: its figures are the tables', for the whole window and for less of it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.campaign.report.files import PAGE, contents
from recs_platform.campaign.report.reading import STANDING, Asked, Findings, Rows, gather, rows_of
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.campaign.report.company import DAY, NAME, QUIET_DAY, START, garage
from recs_platform_tests.campaign.report.findings import findings
from recs_platform_tests.campaign.report.reader import SVG, parsed, section, words
from recs_platform_tests.slow import takes_seconds

PIPELINE = pipelines()["vehicle_fitment"]
SOME = Days(date(2025, 9, 8), date(2025, 9, 20))


class Made:
    """A company with tables for one day."""

    def __init__(self, company: Company, warehouse: Warehouse) -> None:
        self.company, self.warehouse = company, warehouse

    def stored(self, table: str) -> list[dict[str, Any]]:
        with self.warehouse.read(PIPELINE.ref(table, self.company), Days.one(DAY)) as reader:
            found: list[dict[str, Any]] = reader.read_all().to_pylist()
        return found

    def asked(self, first: date | None = None, last: date | None = None, as_of: date | None = None) -> Findings:
        return gather(self.warehouse, PIPELINE, self.company, Asked(first, last, as_of))


@pytest.fixture(scope="module")
@takes_seconds
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    terminal = garage(tmp_path_factory.mktemp(NAME))
    with terminal.inside():
        yield Made(company_named(NAME), open_warehouse())


@pytest.fixture(scope="module")
def whole(made: Made) -> Findings:
    return made.asked()


@pytest.fixture(scope="module")
def files(whole: Findings) -> dict[str, str]:
    return contents(whole, PIPELINE)


def same(rows: Rows, others: Rows) -> bool:
    def counted(of: Rows) -> Counter[str]:
        return Counter(str(sorted(row.items())) for row in of)

    return counted(rows) == counted(others)


def test_of_the_whole_window_every_answer_is_the_stored_table(made: Made, whole: Findings) -> None:
    assert (whole.as_of, whole.sent) == (DAY, Days(START, DAY))
    assert len(whole.answers) == 11
    for name, rows in {**whole.answers, **whole.standing}.items():
        assert same(rows, made.stored(name)), name
    assert all(whole.answers[name] for name in whole.answers if name != "machine_engagement")
    assert all(whole.standing[name] for name in STANDING if name != "period_comparison")


def test_of_fewer_days_the_answers_are_about_their_messages(made: Made) -> None:
    found = made.asked(SOME.first, SOME.last)
    sent = [row for row in made.stored("send_engagement") if row["sent_on"] in SOME]
    messages = [row for row in sent if row["status"] != "held_out"]
    orders = [row for row in made.stored("campaign_orders") if row["sent_on"] and row["sent_on"] in SOME]
    assert found.summary is not None
    assert found.summary["sends"] == len(messages) > 0
    assert found.summary["held_out"] == len(sent) - len(messages) > 0
    assert found.summary["opened"] == sum(row["opened_at"] is not None for row in messages)
    assert found.summary["orders"] == len(orders) > 0
    assert found.summary["revenue"] == pytest.approx(sum(row["revenue"] for row in orders))
    # Made of the funnel of these days, not of the stored one, which is about the whole window.
    assert sum(row["sends"] for row in found.answers["funnel_by_treatment"]) == len(messages)
    assert {row["day"] for row in found.calendar} == set(SOME)


def test_the_answers_of_two_halves_add_up_to_those_of_the_whole(made: Made, whole: Findings) -> None:
    halves = [made.asked(START, date(2025, 9, 15)), made.asked(date(2025, 9, 16), DAY)]
    for step in ("sends", "delivered", "opened", "clicked", "ordered", "orders", "held_out"):
        assert whole.summary is not None
        assert sum(half.summary[step] for half in halves if half.summary) == whole.summary[step], step


def test_the_page_answers_every_question_and_is_sufficient_to_itself(files: Mapping[str, str]) -> None:
    page = parsed(files[PAGE])
    anchors = [found.attrib["id"] for found in page.findall(".//section")]
    assert anchors == [
        *("worked", "next", "words", "funnel", "paths", "revenue", "time", "treatments", "failures", "mailed"),
        *("hours", "opened", "nutshell", "machines", "reading"),
    ]
    assert "arms compared" in words(section(page, "worked")).lower()
    assert section(page, "next").find(f".//{SVG}svg") is not None
    assert page.findall(".//script") == page.findall(".//img") == page.findall(".//link") == []
    links = [link.attrib["href"] for link in page.findall(".//a")]
    assert all(link.removeprefix("#") in anchors or link in files for link in links)
    pointing = re.sub(r'xmlns="[^"]*"', "", files[PAGE])
    assert not re.search(r"https?:|url\(|@import|src=|data:", pointing)


def test_nobody_is_named(made: Made, files: Mapping[str, str]) -> None:
    emails = {str(row["email"]).lower() for row in made.stored("customers") if row["email"]}
    assert len(emails) > 100
    for name, text in files.items():
        assert mask_text(text) == text, name
        assert not any(email in text.lower() for email in emails if len(email) > 5), name


def test_a_customer_whose_id_is_an_address_is_masked_in_the_order_of_the_key() -> None:
    spec = PIPELINE.specs["opened_then_ordered"]
    row = {**findings().answers["opened_then_ordered"][0], "as_of": DAY}
    rows = [{**row, "order_id": "O2"}, {**row, "order_id": "O1", "customer_id": "jane.doe@mail.example.com"}]
    found = rows_of(pa.Table.from_pylist(rows, schema=spec.arrow_schema), spec)
    assert [(row["order_id"], row["customer_id"]) for row in found] == [("O1", "j***@***.com"), ("O2", "C1")]


def test_a_csv_holds_the_rows_of_its_query(whole: Findings, files: Mapping[str, str]) -> None:
    for name, rows in {**whole.answers, **whole.standing}.items():
        if name in STANDING and not rows:
            assert f"{name}.csv" not in files
            continue
        schema = PIPELINE.specs[name].arrow_schema
        read = list(csv.DictReader(io.StringIO(files[f"{name}.csv"])))
        assert [[_value(row[field.name], field.type) for field in schema] for row in read] == [
            list(row.values()) for row in rows
        ], name
    assert len(whole.answers["campaign_funnel"]) > len({row["step"] for row in whole.answers["campaign_funnel"]}) * 9


def _value(cell: str, kind: pa.DataType) -> object:
    if cell == "":
        return None
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[cell]
    if pa.types.is_string(kind):
        return cell
    if pa.types.is_floating(kind):
        return float(cell)
    return pa.scalar(cell).cast(kind).as_py()


def test_the_same_data_give_the_same_bytes(made: Made, files: Mapping[str, str]) -> None:
    assert contents(made.asked(START, DAY, DAY), PIPELINE) == files


def test_a_day_without_messages_is_an_empty_report(made: Made) -> None:
    found = made.asked(QUIET_DAY, QUIET_DAY)
    assert found.summary is None
    assert "garage sent no messages on 1 Sep 2025, so there is nothing to measure" in words(
        parsed(contents(found, PIPELINE)[PAGE])
    )


@pytest.mark.parametrize(
    "asked, told",
    [
        (Asked(first=date(2025, 8, 31)), "garage starts on 2025-09-01"),
        (Asked(first=date(2025, 9, 9), last=date(2025, 9, 8)), "--from 2025-09-09 is after the last day, 2025-09-08"),
        (Asked(first=date(2025, 10, 9)), "recs run garage --date 2025-10-09"),
        (Asked(last=DAY + timedelta(days=1)), "recs run garage --date 2025-10-01"),
        (Asked(as_of=date(2025, 9, 8)), "it has them for 2025-09-30 to 2025-09-30 (1 day)"),
        (Asked(as_of=DAY, last=date(2025, 10, 1)), "--to 2025-10-01 is after --as-of 2025-09-30"),
    ],
)
def test_days_that_nobody_can_answer_for_are_refused(made: Made, asked: Asked, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        gather(made.warehouse, PIPELINE, made.company, asked)
    assert told in str(error.value)


def test_days_before_the_window_are_refused_whatever_the_company_file_says_now(made: Made) -> None:
    """The window is that of the file; the tables may have been made with a shorter one."""
    shorter = made.company.parameters.model_copy(update={"campaign_window_days": 8})
    now = made.company.model_copy(update={"parameters": shorter})
    with pytest.raises(ConfigError, match=r"messages of 2025-09-23 to 2025-09-30.*`campaign_window_days` \(now 8\)"):
        gather(made.warehouse, PIPELINE, now, Asked(first=date(2025, 9, 22)))
    found = gather(made.warehouse, PIPELINE, now, Asked())
    assert found.sent == Days(date(2025, 9, 23), DAY)
