"""What a company's YAML may say about where one source table comes from: one model per connector.

Not here: reading the source (sources/connectors), what a query may be (source_query.py), and which tables and columns
there are (model.py checks those).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from recs_platform.companies import source_query

DATE_PLACEHOLDER = "{date}"
_LONGEST_NAME, _LONGEST_PATH = 300, 1_000
FILE_ENDINGS = (".parquet", ".csv")


def _environment_name(name: str) -> str:
    # The value is not shown: whoever writes a URL here has written a password.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "must be the NAME of an environment variable that holds the database URL, such as HOLLEY_DATABASE_URL"
        )
    return name


class SourceConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, Annotated[str, Field(max_length=_LONGEST_NAME)]] = Field(
        default_factory=dict, description="Renames, canonical name: name in the source."
    )
    constants: dict[str, Any] = Field(
        default_factory=dict, description="Values of columns that the source lacks, canonical name: value of every row."
    )


class FilesSource(SourceConfig):
    """Parquet or CSV files, by their ending."""

    connector: Literal["files"]
    path: str = Field(
        min_length=1,
        max_length=_LONGEST_PATH,
        description="A file, a folder, or a pattern such as events/*.csv. {date} stands for the day, as 2025-09-01.",
    )
    missing_day: Literal["fail", "empty"] = Field(
        "fail", description="What a day without a file means, for a path with {date}."
    )

    @field_validator("path")
    @classmethod
    def _relative_to_the_company_file(cls, path: str, info: ValidationInfo) -> str:
        if unknown := re.findall(r"\{[^}]*\}", path.replace(DATE_PLACEHOLDER, "")):
            raise ValueError(f"unknown placeholder {unknown[0]}. Allowed: {DATE_PLACEHOLDER}.")
        folder = (info.context or {}).get("folder")
        return str(Path(folder) / path) if folder else path

    @model_validator(mode="after")
    def _days_need_a_date(self) -> FilesSource:
        if "missing_day" in self.model_fields_set and not self.dated:
            raise ValueError(f"missing_day is only for a path with {DATE_PLACEHOLDER} in it")
        return self

    @property
    def dated(self) -> bool:
        return DATE_PLACEHOLDER in self.path


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


class SimulatedSource(SourceConfig):
    """The company's simulated world."""

    connector: Literal["simulated"] = "simulated"


class NoSource(BaseModel):
    """The company has no such table, though the others are simulated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connector: Literal["none"]


CONNECTORS: dict[str, type[FilesSource | SqlSource | SimulatedSource | NoSource]] = {
    "files": FilesSource,
    "sql": SqlSource,
    "simulated": SimulatedSource,
    "none": NoSource,
}
Source = FilesSource | SqlSource | SimulatedSource
