"""What a company's YAML may say about where one source table comes from: one model per connector.

Not here: reading the source (sources/connectors), and which tables and columns there are (model.py checks those).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from sqlglot import Dialect, TokenType
from sqlglot.errors import TokenError

DATE_PLACEHOLDER = "{date}"
FILE_ENDINGS = (".parquet", ".csv")

_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_WRITING_WORDS = "INSERT UPDATE DELETE MERGE INTO CREATE ALTER DROP TRUNCATE GRANT REVOKE CALL EXEC EXECUTE"
_WRITES = frozenset(_WRITING_WORDS.split())


def _environment_name(name: str) -> str:
    # The value is not shown: whoever writes a URL here has written a password.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "must be the NAME of an environment variable that holds the database URL, such as HOLLEY_DATABASE_URL"
        )
    return name


class SourceConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = Field(default_factory=dict, description="Renames, canonical name: name in the source.")


class FilesSource(SourceConfig):
    """Parquet or CSV files, by their ending."""

    connector: Literal["files"]
    path: str = Field(
        min_length=1,
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
        try:
            tokens = Dialect.get_or_raise(None).tokenize(query)
        except TokenError:
            raise ValueError("has a quote or a comment that is never closed") from None
        while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
            tokens.pop()
        # A quoted name or text is never a keyword; an unquoted column called `delete` has to be quoted.
        words = [
            token.text.upper() for token in tokens if token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
        ]
        first = next((word for word in words if word != "("), "")
        if first not in ("SELECT", "WITH"):
            raise ValueError("must be one query that starts with SELECT or WITH")
        if ";" in words:
            raise ValueError("must be one query; take out the `;`")
        if forbidden := next((word for word in words if word in _WRITES), None):
            raise ValueError(f"must only read, but has {forbidden} (quote it if it is a column's name)")
        if unknown := sorted(set(_BIND.findall(query)) - {"as_of"}):
            raise ValueError(f"unknown value :{unknown[0]}. Allowed: :as_of (write \\: for a colon)")
        return query

    @property
    def dated(self) -> bool:
        return bool(_BIND.search(self.query))


class SimulatedSource(SourceConfig):
    """The company's simulated world."""

    connector: Literal["simulated"] = "simulated"


CONNECTORS: dict[str, type[FilesSource | SqlSource | SimulatedSource]] = {
    "files": FilesSource,
    "sql": SqlSource,
    "simulated": SimulatedSource,
}
Source = FilesSource | SqlSource | SimulatedSource
