"""The `service` connector: what the prediction service kept of a company in the platform database.

A row is of the UTC day on which it was received, so that a day that is over stays as it is, whatever is reported late.
Not here: how the rows come to be there (`serving/answer_log.py`), and when they go (`housekeeping/`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
import pyarrow as pa
from sqlalchemy import Engine, Select, select

from recs_platform.platform_db.engine import file_of, opened_database
from recs_platform.platform_db.serving_tables import ServedAnswer, ServedReaction
from recs_platform.schemas.feedback_sources import ServedRecommendations
from recs_platform.schemas.landing import feed_columns
from recs_platform.schemas.table import spec_of
from recs_platform.settings import settings
from recs_platform.sources.connectors.request import BATCH_ROWS, SOURCE_DAY_FIELD, SourceRequest, Stream, dated

_FETCHED = 1_000


def read_service(request: SourceRequest) -> Stream:
    """The rows of the request's days, a day after the other."""
    names = feed_columns(request.spec)
    columns = [column for column in request.spec.columns if column.name in names]
    schema = pa.schema([*(pa.field(column.name, column.type) for column in columns), SOURCE_DAY_FIELD])
    # Opened before the first row is asked for: what is wrong with it is told in its own words.
    return Stream(schema, _batches(_database(), request, schema))


def _database() -> Engine | None:
    """None before the first: nobody has been served anything yet."""
    file = file_of(settings().database)
    return opened_database() if file is None or file.exists() else None


def _batches(database: Engine | None, request: SourceRequest, schema: pa.Schema) -> Generator[pa.RecordBatch]:
    if database is None:
        return
    rows_of = _served if request.spec.name == spec_of(ServedRecommendations).name else _reactions
    for day in request.days:
        for rows in _in_batches(rows_of(database, request.company.name, day)):
            columns = [pa.array([row[field.name] for row in rows], field.type) for field in list(schema)[:-1]]
            yield dated(columns, schema, day, len(rows))


def _served(database: Engine, company: str, day: date) -> Iterator[Mapping[str, Any]]:
    start, end = _bounds(day)
    asked = (
        select(ServedAnswer)
        .where(ServedAnswer.company == company, ServedAnswer.received_at >= start, ServedAnswer.received_at < end)
        .order_by(ServedAnswer.received_at, ServedAnswer.id)
    )
    for answer in _rows(database, asked):
        for item in orjson.loads(answer.items):
            yield {
                "answer_id": answer.id,
                "customer_id": answer.customer_id,
                "item_id": item["item_id"],
                "rank": item["rank"],
                "served_at": _naive(answer.answered_at),
                "product": answer.product,
                "version": answer.version,
                "arm": item.get("arm"),
                "propensity": item.get("propensity"),
            }


def _reactions(database: Engine, company: str, day: date) -> Iterator[Mapping[str, Any]]:
    start, end = _bounds(day)
    asked = (
        select(ServedReaction)
        .where(ServedReaction.company == company, ServedReaction.received_at >= start, ServedReaction.received_at < end)
        .order_by(ServedReaction.received_at, ServedReaction.event_id)
    )
    for reaction in _rows(database, asked):
        yield {
            "event_id": reaction.event_id,
            "customer_id": reaction.customer_id,
            "item_id": reaction.item_id,
            "reaction": str(reaction.reaction),
            "happened_at": _naive(reaction.happened_at),
            "answer_id": reaction.answer_id,
        }


def _rows(database: Engine, asked: Select[Any]) -> Iterator[Any]:
    # A connection of its own, and no objects that remember where they are from.
    with database.connect() as connection:
        yield from connection.execution_options(yield_per=_FETCHED).execute(_columns_of(asked))


def _columns_of(asked: Select[Any]) -> Select[Any]:
    (model,) = (described["entity"] for described in asked.column_descriptions)
    return asked.with_only_columns(*model.__table__.columns)


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _in_batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
