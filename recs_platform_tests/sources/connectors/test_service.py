"""The `service` connector: what the prediction service kept lands with the UTC day on which it was received."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from recs_platform.companies.model import Company
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.serving_tables import Reaction, ServedAnswer, ServedReaction
from recs_platform.settings import settings
from recs_platform.sources.connectors.base import SourceRequest, read_source
from recs_platform_tests.companies.shop import shop

DAY = date(2025, 9, 10)
ITEMS = [
    {"item_id": "p1", "rank": 1, "arm": "v4", "propensity": 0.5},
    {"item_id": "p2", "rank": 2},
]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 9, day, hour, minute, tzinfo=UTC)


def keep_answer(database: Engine, answer: str, received: datetime, **other: Any) -> None:
    row = {
        "company": "shop",
        "product": "recommendations",
        "version": 3,
        "customer_id": "c1",
        "answered_at": received,
        "items": json.dumps(ITEMS),
        **other,
    }
    with database.begin() as connection:
        connection.execute(insert(ServedAnswer).values(id=answer, received_at=received, **row))


def keep_reaction(database: Engine, event: str, received: datetime, **other: Any) -> None:
    row = {"company": "shop", "customer_id": "c1", "item_id": "p1", "reaction": Reaction.CLICKED, **other}
    row.setdefault("happened_at", received)
    with database.begin() as connection:
        connection.execute(insert(ServedReaction).values(event_id=event, received_at=received, **row))


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return shop(tmp_path)


def landed(company: Company, table: str, first: date, last: date | None = None) -> list[dict[str, Any]]:
    return read_source(SourceRequest(company, company.tables[table], first, last or first)).read_all().to_pylist()


def test_an_answer_is_a_row_for_each_item(company: Company) -> None:
    keep_answer(opened_database(), "a1", at(10, 12))
    assert landed(company, "served_recommendations", DAY) == [
        {
            "answer_id": "a1",
            "customer_id": "c1",
            "item_id": item,
            "rank": rank,
            "served_at": datetime(2025, 9, 10, 12),
            "product": "recommendations",
            "version": 3,
            "arm": arm,
            "propensity": propensity,
            "source_day": DAY,
        }
        for item, rank, arm, propensity in [("p1", 1, "v4", 0.5), ("p2", 2, None, None)]
    ]


def test_a_day_holds_what_came_on_it_whenever_it_happened(company: Company) -> None:
    database = opened_database()
    keep_reaction(database, "evening", at(10, 0, 5), happened_at=at(9, 23, 50))
    keep_reaction(database, "last", at(10, 23, 59))
    keep_reaction(database, "tomorrow", at(11, 0))
    keep_answer(database, "a0", at(10, 0, 1), answered_at=at(9, 23, 59))
    assert [row["event_id"] for row in landed(company, "recommendation_feedback", DAY)] == ["evening", "last"]
    assert landed(company, "recommendation_feedback", DAY)[0]["happened_at"] == datetime(2025, 9, 9, 23, 50)
    assert {row["answer_id"] for row in landed(company, "served_recommendations", DAY)} == {"a0"}
    assert landed(company, "recommendation_feedback", date(2025, 9, 9)) == []
    both = landed(company, "recommendation_feedback", DAY, date(2025, 9, 11))
    assert [(row["event_id"], row["source_day"].day) for row in both] == [
        ("evening", 10),
        ("last", 10),
        ("tomorrow", 11),
    ]


def test_other_companies_rows_are_theirs(company: Company) -> None:
    database = opened_database()
    keep_answer(database, "a1", at(10, 12), company="other")
    keep_reaction(database, "e1", at(10, 12), company="other")
    assert landed(company, "served_recommendations", DAY) == landed(company, "recommendation_feedback", DAY) == []


def test_where_nobody_was_served_anything_no_database_is_made(company: Company) -> None:
    assert landed(company, "recommendation_feedback", DAY) == []
    assert not Path(settings().database.removeprefix("sqlite:///")).exists()
