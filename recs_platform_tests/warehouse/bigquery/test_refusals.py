"""What BigQuery's errors mean: which kind of error each is, and that no personal value is shown."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from recs_platform.errors import ConfigError, ErrorKind, PlatformError, QueryError, kind_of
from recs_platform.warehouse.bigquery.bill import Limits
from recs_platform.warehouse.bigquery.refusals import explained, refused_queries
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import ALL_DAYS
from recs_platform_tests.warehouse.tables import DATASET, PROFILES, VISITS


def of_google(kind: type[exceptions.GoogleAPICallError], message: str, reason: str = "") -> Exception:
    return kind(message, errors=[{"reason": reason}])  # type: ignore[no-untyped-call]


KINDS = [
    (of_google(exceptions.ServiceUnavailable, "busy"), ErrorKind.TRANSIENT),
    (of_google(exceptions.TooManyRequests, "busy"), ErrorKind.TRANSIENT),
    (of_google(exceptions.InternalServerError, "oh"), ErrorKind.TRANSIENT),
    (of_google(exceptions.Forbidden, "slow down", "rateLimitExceeded"), ErrorKind.TRANSIENT),
    (of_google(exceptions.Forbidden, "used up", "quotaExceeded"), ErrorKind.TRANSIENT),
    (ConnectionResetError(104, "reset"), ErrorKind.TRANSIENT),
    (TimeoutError("late"), ErrorKind.TRANSIENT),
    (of_google(exceptions.Forbidden, "Access Denied", "accessDenied"), ErrorKind.MISTAKE),
    (DefaultCredentialsError("none"), ErrorKind.MISTAKE),
    (RefreshError("expired"), ErrorKind.MISTAKE),
    (of_google(exceptions.BadRequest, "ours"), ErrorKind.DEFECT),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=[str(error)[:30] for error, _ in KINDS])
def test_each_error_is_of_its_kind(error: Exception, kind: ErrorKind) -> None:
    with pytest.raises((PlatformError, exceptions.BadRequest)) as raised, explained("shop.visits"):
        raise error
    assert kind_of(raised.value) is kind
    if kind is not ErrorKind.DEFECT:
        assert str(raised.value).startswith("shop.visits: ")
        assert "\n" not in str(raised.value)


def query(*, personal: bool) -> BoundQuery:
    spec = PROFILES if personal else VISITS
    return BoundQuery(
        parse_query("q", f"SELECT 1 AS n FROM {spec.name}", "sql/q.sql"),
        DATASET,
        {},
        (View(spec.name, spec, ALL_DAYS, required=False),),
    )


def said(message: str, *, personal: bool) -> str:
    asked = query(personal=personal)
    with pytest.raises(QueryError) as raised, refused_queries(asked):
        raise of_google(exceptions.BadRequest, message)
    return str(raised.value)


def test_a_value_of_a_personal_table_is_not_shown() -> None:
    assert "0612345678" not in said("Bad int64 value: 0612345678", personal=True)
    assert "profiles holds personal data" in said("Bad int64 value: 0612345678", personal=True)
    assert "Bad int64 value: 12" in said("Bad int64 value: 12", personal=False)
    assert "Unrecognized name: phon" in said("Unrecognized name: phon", personal=True)


def test_a_query_that_would_read_too_much_is_refused_with_the_setting_that_says_so() -> None:
    with pytest.raises(
        ConfigError, match=r"q: would read 3.0 GiB, and RECS_BIGQUERY_QUERY_BYTES allows a query 2.0 GiB"
    ):
        Limits(query=2 * 2**30).admit("q", 3 * 2**30)
    Limits(query=2 * 2**30).admit("q", 2 * 2**30)
