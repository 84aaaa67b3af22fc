"""What a company's YAML may say about where one source table comes from: one model per connector.

Not here: reading the source (sources/connectors), what a query (source_query.py), an expression
(source_expression.py) or a date format (date_format.py) may be, and which tables and columns there are
(source_columns.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from recs_platform.companies import source_expression, source_query
from recs_platform.companies.date_format import check_date_format
from recs_platform.companies.problems import each_judged, raise_problems, shown
from recs_platform.companies.timezones import known_timezone
from recs_platform.settings_values import PROJECT, project_id

DATE_PLACEHOLDER = "{date}"
_LONGEST_NAME, _LONGEST_PATH = 300, 1_000
FILE_ENDINGS = (".parquet", ".csv")
PACKED_ENDINGS = (".csv.gz", ".zip", ".xlsx")
"""Of a folder these are read only where it has none of the others: an export may lie beside its own copy."""
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""The usual ones, and what people call them."""
_SPELT_OUT = {"tab": "\t", "\\t": "\t"}


def _environment_name(name: str) -> str:
    # The value is not shown: whoever writes a URL here has written a password.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "must be the NAME of an environment variable that holds the database URL, such as HOLLEY_DATABASE_URL"
        )
    return name


def _names_in_the_source(given: object) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list | tuple) else ()
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(f"should be a column's name, or a list of the names that it may have, but is {shown(given)}.")
    if longest := next((name for name in names if len(name) > _LONGEST_NAME), None):
        raise ValueError(f"should be a name of at most {_LONGEST_NAME} characters, but has {len(longest):,}.")
    return names


class SourceConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, Annotated[tuple[str, ...], BeforeValidator(_names_in_the_source)]] = Field(
        default_factory=dict,
        description="Renames, canonical name: name in the source, or a list of names of which the first that is there "
        "is taken.",
    )
    constants: dict[str, Any] = Field(
        default_factory=dict, description="Values of columns that the source lacks, canonical name: value of every row."
    )


class FilesSource(SourceConfig):
    """Parquet, CSV (plain or packed) or Excel files, by their ending."""

    connector: Literal["files"]
    path: str = Field(
        min_length=1,
        max_length=_LONGEST_PATH,
        description="A file, a folder, or a pattern such as events/*.csv. {date} stands for the day, as 2025-09-01.",
    )
    missing_day: Literal["fail", "empty"] = Field(
        "fail", description="What a day without a file means, for a path with {date}."
    )
    delimiter: str = Field(",", description="What separates the fields of a CSV: one character, or tab.")
    encoding: Literal["utf-8", "utf-8-sig", "latin-1", "cp1252", "cp1250", "iso-8859-15", "utf-16"] = Field(
        "utf-8", description="How the bytes of a CSV are text; a byte order mark is taken by itself."
    )
    decimal: Literal[".", ","] = Field(".", description="The decimal sign of numbers that are text.")
    thousands: Literal[".", ",", "'", " "] | None = Field(
        None, description="What groups the digits of numbers that are text."
    )
    dates: str | dict[str, str] = Field(
        default_factory=dict,
        description="How days and points in time that are text are written, as strptime: canonical name: format; or "
        "one format for all of them.",
    )
    timezone: str | None = Field(
        None, description="IANA zone of points in time that name none; without it they are UTC."
    )
    expressions: dict[str, str] = Field(
        default_factory=dict,
        description="Canonical name: one expression in GoogleSQL over the columns of the file's row.",
    )
    sheet: str | None = Field(None, description="The sheet of an Excel workbook, where it has several.")

    @field_validator("path")
    @classmethod
    def _relative_to_the_company_file(cls, path: str, info: ValidationInfo) -> str:
        if unknown := re.findall(r"\{[^}]*\}", path.replace(DATE_PLACEHOLDER, "")):
            raise ValueError(f"unknown placeholder {unknown[0]}. Allowed: {DATE_PLACEHOLDER}.")
        folder = (info.context or {}).get("folder")
        return str(Path(folder) / path) if folder else path

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, delimiter: str) -> str:
        delimiter = _SPELT_OUT.get(delimiter, delimiter)
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter.isalnum() or delimiter in '"\r\n\\\0 ':
            raise ValueError(f'should be one sign such as ";" or "|", or tab, but is {shown(delimiter)}.')
        return delimiter

    @field_validator("dates", mode="before")
    @classmethod
    def _formats(cls, dates: object) -> object:
        if isinstance(dates, str):
            check_date_format(dates)
        elif not isinstance(dates, Mapping):
            raise ValueError(f'should be a format such as "%d.%m.%Y", or one for each column, but is {shown(dates)}.')
        else:
            raise_problems("dates", each_judged(dates, check_date_format))
        return dates

    @field_validator("expressions", mode="before")
    @classmethod
    def _scalars(cls, expressions: object) -> object:
        if not isinstance(expressions, Mapping):
            raise ValueError(f"should be an expression for each column, but is {shown(expressions)}.")
        raise_problems("expressions", each_judged(expressions, source_expression.check))
        return expressions

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return name and known_timezone(name)

    @model_validator(mode="after")
    def _signs_differ(self) -> FilesSource:
        if self.thousands == self.decimal:
            raise ValueError(f'thousands and decimal are both "{self.decimal}"; a number could mean two things')
        return self

    @model_validator(mode="after")
    def _options_fit_the_file(self) -> FilesSource:
        path = self.path.lower()
        of_csv = [name for name in ("delimiter", "encoding") if name in self.model_fields_set]
        if of_csv and path.endswith((".parquet", ".xlsx")):
            raise ValueError(f"{' and '.join(of_csv)}: only for CSV files, and path ends otherwise")
        if self.sheet and path.endswith((".parquet", ".csv", ".csv.gz", ".zip")):
            raise ValueError("sheet: only for .xlsx files, and path ends otherwise")
        return self

    @model_validator(mode="after")
    def _days_need_a_date(self) -> FilesSource:
        if "missing_day" in self.model_fields_set and not self.dated:
            raise ValueError(f"missing_day is only for a path with {DATE_PLACEHOLDER} in it")
        return self

    @property
    def dated(self) -> bool:
        return DATE_PLACEHOLDER in self.path

    @property
    def made_columns(self) -> tuple[str, ...]:
        """Columns that are neither in the files nor in the company's file."""
        return ()


class SqlSource(SourceConfig):
    """A query on a database."""

    connector: Literal["sql"]
    url_env: Annotated[str, AfterValidator(_environment_name)] = Field(
        description="Name of the environment variable that holds the SQLAlchemy URL."
    )
    query: str = Field(description="One SELECT; :as_of is the day that is read.")
    chunk_rows: int = Field(50_000, ge=100, le=1_000_000, description="Rows held in memory at a time.")

    @field_validator("query")
    @classmethod
    def _only_reads(cls, query: str) -> str:
        source_query.check(query)
        return query

    @property
    def dated(self) -> bool:
        return source_query.has_day(self.query)


class BigQuerySource(SourceConfig):
    """A table of BigQuery, or a query there."""

    connector: Literal["bigquery"]
    project: Annotated[str, AfterValidator(project_id)] | None = Field(
        None, description="The Google Cloud project that runs the query, and that names without a project are of."
    )
    table: str | None = Field(None, description="dataset.table, or project.dataset.table.")
    day: str | None = Field(
        None, description="The table's column of the day that a row belongs to, best the one it is partitioned by."
    )
    query: str | None = Field(
        None, description="One SELECT in GoogleSQL; @as_of is the day that is read, @first and @last a range of days."
    )

    @field_validator("table")
    @classmethod
    def _full_name(cls, table: str | None) -> str | None:
        if table is not None and not re.fullmatch(rf"(({PROJECT})\.)?\w+\.[\w-]+", table):
            raise ValueError(f"should be dataset.table, or project.dataset.table, but is {shown(table)}.")
        return table

    @field_validator("day")
    @classmethod
    def _one_column(cls, day: str | None) -> str | None:
        if day is not None and not re.fullmatch(r"\w{1,300}", day):
            raise ValueError(f"should be the name of a column, but is {shown(day)}.")
        return day

    @field_validator("query")
    @classmethod
    def _only_reads(cls, query: str | None) -> str | None:
        if query is not None:
            source_query.check_googlesql(query)
        return query

    @model_validator(mode="after")
    def _a_table_or_a_query(self) -> BigQuerySource:
        if (self.table is None) == (self.query is None):
            raise ValueError("give it either a table or a query")
        if self.day is not None and self.table is None:
            raise ValueError(
                "day: only for a table; a query says which days it reads by @as_of, or by @first and @last"
            )
        return self

    @property
    def by_day(self) -> bool:
        """Whether it is one query for each day."""
        return self.query is not None and "as_of" in source_query.values_of(self.query)

    @property
    def dated(self) -> bool:
        return self.day is not None or (self.query is not None and bool(source_query.values_of(self.query)))


class SimulatedSource(SourceConfig):
    """The company's simulated world."""

    connector: Literal["simulated"] = "simulated"


class ServiceSource(SourceConfig):
    """What the prediction service keeps: its answers, and what shops told it of them."""

    connector: Literal["service"] = "service"


class NoSource(BaseModel):
    """The company has no such table, though the others are simulated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: Literal["none"]


Source = FilesSource | SqlSource | BigQuerySource | SimulatedSource | ServiceSource
