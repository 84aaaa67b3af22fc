"""`recs sql check` judges reserved words, names and types as Google's own analyzer does, as far as it judges them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

import pytest
from sqlglot.dialects.bigquery import BigQuery

from recs_platform.errors import QueryError
from recs_platform.schemas.reserved_words import RESERVED_WORDS, is_reserved
from recs_platform.schemas.table import Columns
from recs_platform.warehouse.functions import ALLOWED
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.query_types import judge_types
from recs_platform_tests.googlesql.server import GoogleSql, NotGoogleSql
from recs_platform_tests.googlesql.texts import Text, all_texts
from recs_platform_tests.warehouse.wrong_queries import PARAMETERS, RIGHT, TABLES, WRONG

pytestmark = pytest.mark.googlesql

_TYPES = ("STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP", "ARRAY<STRING>")


def test_the_reserved_words_are_googles(googlesql: GoogleSql) -> None:
    words = {word for word in BigQuery.Tokenizer.KEYWORDS if word.isalpha()} | RESERVED_WORDS | ALLOWED
    refused = {word for word in words if not takes(googlesql, f"SELECT 1 AS {word}", {}, {})}
    assert refused == {word for word in words if is_reserved(word)}


@pytest.mark.parametrize("text", WRONG)
def test_google_refuses_what_is_refused(text: str, googlesql: GoogleSql) -> None:
    assert not takes(googlesql, text, TABLES, PARAMETERS)


@pytest.mark.parametrize("text", RIGHT)
def test_google_takes_what_is_right(text: str, googlesql: GoogleSql) -> None:
    assert takes(googlesql, text, TABLES, PARAMETERS)


@pytest.mark.slow
def test_of_queries_with_a_wrong_type_or_name_google_refuses_those_that_we_refuse(googlesql: GoogleSql) -> None:
    """In every file of `sql/` a column or parameter becomes something else, twice. Most of what is wrong is found."""
    false_alarms, both, missed = [], 0, 0
    for text, what, tables, parameters in _made_wrong():
        by_us = _said_by_us(text, tables, parameters)
        by_google = not takes(googlesql, text.sql, tables, parameters)
        both += bool(by_us) and by_google
        missed += by_google and not by_us
        if by_us and not by_google:
            false_alarms.append(f"{what}: {by_us}")
    assert false_alarms == []
    print(f"of {both + missed} queries that Google's analyzer refuses, `recs sql check` refuses {both}")
    assert both > 100
    assert missed / (both + missed) < 0.1


def takes(googlesql: GoogleSql, sql: str, tables: Mapping[str, Columns], parameters: Columns) -> bool:
    try:
        googlesql.analyze(sql, tables, parameters)
    except NotGoogleSql:
        return False
    return True


def _said_by_us(text: Text, tables: Mapping[str, Columns], parameters: Columns) -> str | None:
    try:
        judge_types(parse_query(text.name, text.sql, text.path), tables, parameters)
    except QueryError as error:
        # What the engines understand differently is valid.
        return None if ": the engines " in str(error) else str(error)
    return None


def _made_wrong() -> Iterator[tuple[Text, str, Mapping[str, Columns], Columns]]:
    draw = random.Random(20)
    for text in {text.path: text for text in reversed(all_texts()) if text.is_whole}.values():
        words = set(re.findall(r"\w+", text.sql))
        columns = [(table, column) for table, of in text.tables.items() for column in of if column in words]
        places = [*(("", name) for name in sorted(text.parameters)), *columns]
        for table, name in draw.sample(places, min(2, len(places))):
            changed = {**(text.tables[table] if table else text.parameters)}
            became = draw.choice([None, *_TYPES] if table else _TYPES)
            del changed[name]
            if became:
                changed[name] = became
            tables = {**text.tables, table: changed} if table else text.tables
            yield text, f"{text.path}: {table} {name} became {became}", tables, text.parameters if table else changed
