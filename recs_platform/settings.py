"""The environment, read and validated once. Every variable that the platform reads is a field here (prefix `RECS_`).

`docs/settings.md` is the same list for people; a test holds the two against each other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from recs_platform.errors import ConfigError, printable
from recs_platform.plurals import listed


class Environment(StrEnum):
    LOCAL = "local"
    PRODUCTION = "production"


class WarehouseKind(StrEnum):
    LAKE = "lake"
    BIGQUERY = "bigquery"


_DATABASE = "platform.db"
_UNITS = {"MB": 1e6, "MIB": 2.0**20, "GB": 1e9, "GIB": 2.0**30, "TB": 1e12, "TIB": 2.0**40}
_LEAST_MEMORY, _LEAST_READ = "64MiB", "10MiB"
"""BigQuery counts 10 MB for each table that a query reads, however small."""
_MOST_BYTES = 1024 * 2.0**40
_NO_TEXT = r"[\x00-\x1f\x7f\ud800-\udfff]"
_READ_OTHERWISE = rf"[?\\]|%[0-9A-Fa-f]{{2}}|{_NO_TEXT}"
"""In the name of a folder: what begins the options of a URL, what stands for another character in one or in a pattern,
and what is no text. The databases and tables below a folder are opened by URLs, ours and Dagster's."""
_LONGEST_NAME, _LONGEST_PATH = 255, 3_000
PROJECT = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_A_DATABASE = "such as postgresql://db.example.com/recs"
_BUCKET = re.compile(r"(gs|s3)://[a-z0-9][a-z0-9._-]+(/[^?#]*)?")

_Place = TypeVar("_Place", str, Path)


def _amount(limit: str, what: str, example: str, least: str) -> str:
    size = _in_bytes(limit)
    if size is None or not bytes_of(least) <= size <= _MOST_BYTES:
        raise ValueError(
            f'"{limit}" is not an amount of {what}: write a number with MB, MiB, GB, GiB, TB or TiB, such as '
            f"{example}; at least {least}"
        )
    return limit


def _memory(limit: str) -> str:
    return _amount(limit, "memory", "6GiB", _LEAST_MEMORY)


def _read(limit: str) -> str:
    return _amount(limit, "data", "500GiB", _LEAST_READ)


def bytes_of(limit: str) -> float:
    """An amount of memory or data as a setting says it.

    >>> bytes_of("2 GB")
    2000000000.0
    """
    size = _in_bytes(limit)
    assert size is not None  # noqa: S101  (settings hold no other)
    return size


def _in_bytes(limit: str) -> float | None:
    size = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([A-Z]+)", limit.upper(), re.ASCII)
    return float(size[1]) * _UNITS[size[2]] if size and size[2] in _UNITS else None


def _folder(folder: _Place) -> _Place:
    """A name that a folder can have."""
    _refuse(_NO_TEXT, folder, "which no folder that others can read has")
    if len(str(folder)) > _LONGEST_PATH or max(map(len, str(folder).split("/"))) > _LONGEST_NAME:
        raise ValueError("the folder's name is too long; choose another folder")
    return folder


def _plainly_named(folder: _Place) -> _Place:
    _refuse(_READ_OTHERWISE, folder, "which URLs and databases read as something else")
    return folder


def _refuse(pattern: str, folder: str | Path, why: str) -> None:
    full = folder if isinstance(folder, str) else folder.absolute()
    if found := re.search(pattern, str(full)):
        raise ValueError(
            f"the folder {printable(str(folder))} has {printable(found[0])} in its name, {why}; choose another folder"
        )


def _in_the_cloud(url: str) -> str:
    if "://" in url and not _BUCKET.fullmatch(url):
        # It is not repeated: a store's errors, notes and paths repeat a URL, and this one may hold a secret.
        raise ValueError(
            "should be a folder, or a bucket such as gs://bucket/path or s3://bucket/path, without a user, a password "
            "or options: what the store needs to let you in comes from its own variables, such as "
            "GOOGLE_APPLICATION_CREDENTIALS or AWS_ACCESS_KEY_ID"
        )
    return url


def _web_address(url: str) -> str:
    """It is not repeated when it is wrong: it may hold a secret."""
    parts = _parts(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("should be the URL of a page, such as https://dagster.example.com")
    return url.rstrip("/")


def _secret_address(url: SecretStr) -> SecretStr:
    """What is sent there is nobody else's business."""
    _ours(url.get_secret_value())
    return url


def _ours(url: str) -> str:
    parts = _parts(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname))):
        raise ValueError("should be a URL that begins with https:// (http:// only on this machine)")
    return url


def _mail_server(url: SecretStr) -> SecretStr:
    parts = _parts(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("should be the URL of a mail server, such as smtp://mail.example.com:587")
    if not all(re.fullmatch(r"[^\s@]+@[^\s@]+", sender) for sender in parse_qs(parts.query).get("from", ())):
        raise ValueError("should name an address as its sender, behind ?from=")
    return url


def _on_postgresql(url: SecretStr) -> SecretStr:
    if not _is_postgresql(url.get_secret_value()):
        raise ValueError(f"should be the URL of a PostgreSQL database, {_A_DATABASE}")
    return url


def _on_redis(url: SecretStr) -> SecretStr:
    """It is not repeated when it is wrong: it may hold a password."""
    parts = _parts(url.get_secret_value())
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("should be the URL of a Redis server, such as redis://redis.example.com:6379/0")
    return url


def _registry(url: str) -> str:
    """As container tools write it: a host, perhaps a port, and the path below which repositories stand."""
    if url and not re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*", url):
        raise ValueError(
            "should be a registry of OCI artifacts and a path in it, such as europe-docker.pkg.dev/acme-recs/models, "
            "without https://, a user or a password"
        )
    return url


def _is_postgresql(url: str) -> bool:
    return bool(re.match(r"postgresql(\+\w+)?://", url))


def _written_as(pattern: str, wanted: str) -> Callable[[str], str]:
    """A name that has this form; the error says what it should be."""

    def judged(name: str) -> str:
        if not re.fullmatch(pattern, name):
            raise ValueError(f"should be {wanted}")
        return name

    return judged


project_id = _written_as(PROJECT, "the id of a Google Cloud project, such as acme-recs")
_location = _written_as(r"[A-Za-z][A-Za-z0-9-]{1,39}", "a location of BigQuery, such as EU, US or europe-west3")
_beginning = _written_as(r"[A-Za-z0-9_]{0,100}", "letters, digits and underscores, such as recs_")
channel_name = _written_as(
    r"#[a-z0-9][a-z0-9_-]{0,79}|[CG][A-Z0-9]{8,20}", 'a Slack channel, such as "#recommendations"'
)
"""By its name or its id."""


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def is_here(host: str | None) -> bool:
    """Whether a host is this machine."""
    return host in ("localhost", "127.0.0.1", "::1")


Folder = Annotated[Path, AfterValidator(_folder)]
Place = Annotated[str, AfterValidator(_in_the_cloud), AfterValidator(_folder), AfterValidator(_plainly_named)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Read = Annotated[str, AfterValidator(_read)]
"""An amount of data that a query reads."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RECS_", extra="ignore", frozen=True)

    env: Environment = Field(Environment.LOCAL, description="local or production; picks the set of resources.")
    home: Annotated[Folder, AfterValidator(_plainly_named)] = Field(
        default_factory=lambda: Path.cwd() / ".recs",
        description="Folder of everything local.",
        validate_default=True,
    )
    lake_url: Place = Field("", description="Where tables live: a folder, or a gs:// or s3:// URL. Default: HOME/lake.")
    files_url: Place = Field(
        "",
        description="Where models and pictures of reports live: a folder, or a gs:// or s3:// URL. Default: HOME.",
    )
    warehouse: WarehouseKind = Field(
        WarehouseKind.LAKE, description="lake or bigquery: where tables live, and what runs the queries."
    )
    gcp_project: Annotated[str, AfterValidator(project_id)] | None = Field(
        None, description="Google Cloud project that holds the datasets, and that pays for the queries."
    )
    bigquery_location: Annotated[str, AfterValidator(_location)] = Field(
        "EU", description="Where BigQuery keeps the datasets that the platform makes."
    )
    bigquery_prefix: Annotated[str, AfterValidator(_beginning)] = Field(
        "", description="What the names of datasets begin with, before the company's own. Default: nothing."
    )
    bigquery_query_bytes: Read = Field(
        "500GiB", description="What one query on BigQuery may read; one that would read more is refused before it runs."
    )
    bigquery_run_bytes: Read = Field(
        "5TiB", description="What the queries of one run on BigQuery may read together, those of its feeds included."
    )
    database_url: str = Field("", description="Platform database (SQLAlchemy). Default: SQLite in HOME.")
    dagster_database_url: Annotated[SecretStr, AfterValidator(_on_postgresql)] | None = Field(
        None, description="PostgreSQL database of Dagster's runs, events and ticks. Default: SQLite in DAGSTER_HOME."
    )
    redis_url: Annotated[SecretStr, AfterValidator(_on_redis)] | None = Field(
        None, description="Redis that answers customers first: `redis://host:6379/0`. Without it the database answers."
    )
    artifacts_url: Annotated[str, AfterValidator(_registry)] = Field(
        "",
        description="Registry of OCI artifacts that models are pushed to, such as "
        "europe-docker.pkg.dev/acme-recs/models. Default: an OCI layout in RECS_FILES_URL.",
    )
    service_url: Annotated[str, AfterValidator(_ours)] | None = Field(
        None, description="Where the prediction service is reached by checks, `recs trace` and the doctor."
    )
    service_key: SecretStr | None = Field(
        None,
        description="Key with which they ask it, from `recs keys new`; of several companies a key each, with commas "
        "between. Without it they ask as anybody on its own machine may.",
    )
    companies_dir: Folder | None = Field(None, description="Folder of company files, beside the built-in ones.")
    landing_dir: Folder | None = Field(None, description="Where simulated feeds are written. Default: HOME/landing.")
    memory_limit: Annotated[str, AfterValidator(_memory)] = Field(
        "6GiB", description="Memory that one query may use before it spills to disk."
    )
    threads: int | None = Field(None, ge=1, le=1_024, description="Threads of one query. Default: the machine's cores.")
    retention_days: int = Field(
        30, ge=1, le=36_500, description="Days that replaced versions of a table stay restorable."
    )
    run_retention_days: int = Field(
        90, ge=1, le=36_500, description="Days that Dagster's runs, with what they logged, and reports are kept."
    )
    slack_token: SecretStr | None = Field(
        None, description="Token of the Slack app that tells of troubles; without it they are told in the log."
    )
    slack_channel: Annotated[str, AfterValidator(channel_name)] | None = Field(
        None,
        description="Slack channel of what concerns no company alone, and of companies whose file names nobody.",
    )
    slack_url: Annotated[str, AfterValidator(_ours)] = Field(
        "https://slack.com/api/", description="Where Slack's API is reached; another one for a proxy."
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] | None = Field(
        None, description="Mail server of alerts: `smtp://user:password@host:port?from=address`, or `smtps://`."
    )
    alert_webhook: Annotated[SecretStr, AfterValidator(_secret_address)] | None = Field(
        None, description="URL to which alerts are posted as JSON."
    )
    ui_url: WebAddress | None = Field(None, description="Where people reach the UI: alerts link to it.")
    docs_url: WebAddress | None = Field(
        None, description="Where people read the folder `docs`: assets link to its pages, alerts to its runbook."
    )
    code_url: WebAddress | None = Field(
        None,
        description="Where people read the platform's files, such as https://github.com/you/recs/blob/main: assets "
        "link to their queries.",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_means_unset(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> Self:
        """All that is missing at once, before anything runs."""
        needs = {
            "RECS_ENV=production": self._missing_in_production() if self.env is Environment.PRODUCTION else {},
            "RECS_WAREHOUSE=bigquery": self._missing_for_bigquery() if self.warehouse is WarehouseKind.BIGQUERY else {},
        }
        missing = [
            f"{chosen} needs {listed([f'{name} ({what})' for name, what in names.items()])}"
            for chosen, names in needs.items()
            if names
        ]
        if missing:
            raise ValueError("; ".join(missing))
        return self

    def _missing_in_production(self) -> dict[str, str]:
        """Where everything lives is said, and on servers: state in a file is one machine's."""
        missing = {}
        if self.warehouse is WarehouseKind.LAKE and not self.lake_url:
            missing["RECS_LAKE_URL"] = "where tables live, such as gs://acme-recs/lake"
        if not _is_postgresql(self.database_url):
            missing["RECS_DATABASE_URL"] = f"the platform database on PostgreSQL, {_A_DATABASE}"
        if self.dagster_database_url is None:
            missing["RECS_DAGSTER_DATABASE_URL"] = "Dagster's database on PostgreSQL; it may be the same one"
        return missing

    def _missing_for_bigquery(self) -> dict[str, str]:
        return (
            {} if self.gcp_project else {"RECS_GCP_PROJECT": "the project that holds the datasets, such as acme-recs"}
        )

    @property
    def lake(self) -> str:
        return self.lake_url or str(self.home / "lake")

    @property
    def files(self) -> str:
        return self.files_url or str(self.home)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / _DATABASE}"

    @property
    def landing(self) -> Path:
        return self.landing_dir or self.home / "landing"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Tests that change the environment call `settings.cache_clear()`."""
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"RECS_{'_'.join(map(str, problem['loc'])).upper()}: {_sentence(problem)}"
            if problem["loc"]
            else _sentence(problem)
            for problem in error.errors()
        )
        raise ConfigError(f"environment: {problems}. See docs/settings.md.") from None


def _sentence(problem: ErrorDetails) -> str:
    return problem["msg"].removeprefix("Value error, ")


def cache_folder() -> Path | None:
    """The user's own folder for what can be made again, by the convention of the system (XDG_CACHE_HOME); None where
    there is none."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "recs_platform" if base.is_absolute() else None


def require_home() -> None:
    """For who only looks: where nothing was ever made, there is nothing to see, and nothing is created. A home with a
    lake or a database was made, and so was one whose lake or database is elsewhere."""
    chosen = settings()
    if chosen.lake_url or chosen.database_url or any(map(Path.exists, (Path(chosen.lake), chosen.home / _DATABASE))):
        return
    raise ConfigError(
        f"{chosen.home.absolute()}: nothing was ever made here. Set RECS_HOME to the folder that holds your tables, or "
        "make the first day: recs run COMPANY --date DAY"
    )


def settings_markdown() -> str:
    """The table of `docs/settings.md`. A description that closes with "Default: ..." states the default itself."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        meaning, _, stated = (field.description or "").partition(" Default: ")
        value = field.get_default(call_default_factory=True)
        if isinstance(value, Path):
            value = f"./{value.relative_to(Path.cwd())}"
        default = stated.removesuffix(".") or ("none" if value is None else f"`{value}`")
        lines.append(f"| `RECS_{name.upper()}` | {default} | {meaning} |")
    return "\n".join(lines)
