"""Questions: judged when definitions load, asked with what they declare, and asked for by the code that has them."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

import recs_platform
from recs_platform.errors import QueryError
from recs_platform.pipeline.questions import questions_in, read_question
from recs_platform.strategies.catalogue import built_in_companies, pipeline_of, pipelines
from recs_platform.strategies.offer_ranking.features import FEATURES
from recs_platform.warehouse.query import parse_query, sql_folder
from recs_platform.warehouse.scope import SENT_FROM, SENT_TO, Scope
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.warehouse.tables import PROFILES, VISITS

SCOPE = Scope("toy", {"visits": VISITS, "profiles": PROFILES}, frozenset({"min_price"}))
ASKED = "SELECT customer_id\nFROM profiles\nWHERE customer_id = @customer"
DAY = date(2025, 12, 2)


def refusal(text: str) -> str:
    with pytest.raises(QueryError) as caught:
        read_question(parse_query("profile", text, "sql/explanation/toy/profile.sql"), SCOPE)
    return str(caught.value).removeprefix("sql/explanation/toy/profile.sql:")


def test_a_question_says_what_it_is_asked_with() -> None:
    given = "-- given: @customer, @items ARRAY<STRING>, @year INT64\n"
    text = given + ASKED + " OR email IN UNNEST(@items) OR @year > 2000"
    question = read_question(parse_query("profile", text, "sql/explanation/toy/profile.sql"), SCOPE)
    assert question.given == {"customer": "STRING", "items": "ARRAY<STRING>", "year": "INT64"}
    assert question.placeholders() == {"customer": "<customer>", "items": ("<items>",), "year": 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ASKED, "3: @customer is not a parameter of toy"),
        (f"-- given: customer\n{ASKED}", "1: cannot read `-- given: customer`; write `-- given: <@parameter [type], "),
        (f"-- given: @customer TEXT\n{ASKED}", "1: cannot read `-- given: @customer TEXT`; write `-- given: <@para"),
        (f"-- given: @customer, @who\n{ASKED}", "1: `-- given:` names @who, which the query does not use"),
        (
            f"-- given: @customer, @min_price\n{ASKED} AND @min_price > 1",
            "1: `-- given:` names @min_price, which the company gives",
        ),
        (f"-- given: @customer\n{ASKED.replace('profiles', 'profile')}", "3: toy has no table profile; did you mean"),
        ("SELECT customer_id FROM visits", "1: visits is a log: say how many days of it a snapshot needs"),
        ("SELECT * FROM profiles", "1: the outermost SELECT must name its columns"),
    ],
)
def test_a_question_is_judged_like_any_query(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


def test_it_is_asked_with_what_it_declares_and_nothing_else() -> None:
    company = next(c for c in built_in_companies() if c.strategy.name == "vehicle_fitment")
    pipeline = pipeline_of(company)
    bound = pipeline.ask("drop_of_customer", company, DAY, {"customer": "c1"})
    assert bound.values["customer"] == "c1"
    assert [(view.name, view.days, view.required) for view in bound.views] == [
        ("dropped_customers", Days.one(DAY), False)
    ]
    with pytest.raises(TypeError, match=r"drop_of_customer is asked with nothing: @customer"):
        pipeline.ask("drop_of_customer", company, DAY, {})
    with pytest.raises(TypeError, match=r"drop_of_customer is asked with customer, who: @who"):
        pipeline.ask("drop_of_customer", company, DAY, {"customer": "c1", "who": "c1"})
    with pytest.raises(KeyError):
        pipeline.ask("no_question", company, DAY, {})


def test_a_tables_own_query_is_asked_about_other_messages() -> None:
    company = next(c for c in built_in_companies() if c.strategy.name == "vehicle_fitment")
    pipeline, sent = pipeline_of(company), {SENT_FROM: date(2025, 11, 1), SENT_TO: date(2025, 11, 30)}
    asked, stored = (
        pipeline.ask("campaign_funnel", company, DAY, sent),
        pipeline.bind("campaign_funnel", company, Days.one(DAY)),
    )
    assert asked.values == {**stored.values, **sent}
    assert asked.views == stored.views
    with pytest.raises(TypeError, match="campaign_funnel is asked with as_of"):
        pipeline.ask("campaign_funnel", company, DAY, {"as_of": DAY})


@pytest.mark.parametrize("strategy", sorted(pipelines()))
def test_the_figures_of_a_product_are_asked_of_its_table(strategy: str) -> None:
    pipeline = pipelines()[strategy]
    for product in pipeline.products.values():
        question = pipeline.questions[product.figures.name]
        assert question.query.tables == {"published"}
        company = companies_of_each_strategy()[strategy]
        (view,) = pipeline.ask(product.figures.name, company, DAY, {}).views
        assert TableRef("x", view.spec) == TableRef("x", product.of)


def test_a_question_of_no_stage_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sql"
    shutil.copytree(sql_folder(), folder)
    (folder / "explanation" / "nobody").mkdir()
    (folder / "explanation" / "nobody" / "lost.sql").write_text("-- Nobody asks.\nSELECT customer_id FROM customers")
    with pytest.raises(QueryError, match=r"^sql/explanation/nobody/lost.sql:1: no asset, check or question is made fr"):
        pipelines(folder)


def test_every_question_is_asked_by_somebody() -> None:
    package = Path(recs_platform.__file__).parent
    text = "\n".join(path.read_text() for path in package.rglob("*.py"))
    queries = platform_queries()
    asked = [*questions_in("explanation", queries), *questions_in("publication", queries)]
    assert len(asked) > 20
    assert [query.path for query in asked if not re.search(rf'"{query.name}"', text)] == []


def test_the_features_of_pairs_are_those_of_the_model() -> None:
    columns = platform_queries()["features_of_pairs"].tree.named_selects
    assert columns == ["customer_id", "offer_id", "item_id", *FEATURES.names]
