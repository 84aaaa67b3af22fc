"""A refused publication is over once somebody has approved it, and by nothing less."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform.automation.looks.publications import publications
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.looks.shop import DAY, Shop

LOOKS = {"publications": publications}
REFUSED = Trouble("acme", Kind.PUBLICATION, "recommendations")
AT = datetime(2025, 9, 6, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A day's recommendations were refused."""
    finding = Finding(REFUSED, Severity.ERROR, "40% fewer.", "recs publish acme --approve abc", days=Days.one(DAY))
    record(shop.database, Observation("run-1", "acme", AT, (finding,)), Policy())
    return shop


def _live(
    shop: Shop,
    as_of: date,
    at: datetime,
    kind: PublicationKind = PublicationKind.PUBLISH,
    product: str = "recommendations",
) -> None:
    row = Publication(
        company="acme",
        strategy="shop",
        product=product,
        version=7,
        as_of=as_of,
        rows=12,
        generated_at=at,
        status=PublicationStatus.LIVE,
        kind=kind,
        published_at=at,
        published_by="jane",
        approved=True,
        note="",
    )
    with Session(shop.database) as session, session.begin():
        session.add(row)


def test_what_was_approved_is_over_and_told_once(shop: Shop) -> None:
    shop.look(LOOKS)
    assert len(shop.told()) == 1
    _live(shop, DAY, AT + HOUR)
    shop.look(LOOKS)
    shop.look(LOOKS)
    assert shop.told()[1:] == [("acme", "recovered", ["publication recommendations"])]


@pytest.mark.parametrize(
    "how",
    [
        {"as_of": DAY, "at": AT - HOUR},  # the day was live before it was made again and refused
        {"as_of": DAY - timedelta(days=1), "at": AT + HOUR},
        {"as_of": DAY, "at": AT + HOUR, "kind": PublicationKind.ROLLBACK},
        {"as_of": DAY, "at": AT + HOUR, "product": "allocation"},
    ],
)
def test_what_approves_nothing(shop: Shop, how: dict[str, object]) -> None:
    _live(shop, **how)  # type: ignore[arg-type]
    shop.look(LOOKS)
    assert len(shop.told()) == 1
