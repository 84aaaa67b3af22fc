"""The environment, read and validated once. Every variable that the platform reads is a field here (prefix `RECS_`).

`docs/settings.md` is the same list for people; a test holds the two against each other. Not here: what a kind of value
may be (settings_values.py).
"""

from __future__ import annotations

import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from recs_platform.errors import ConfigError
from recs_platform.plurals import listed
from recs_platform.settings_values import (
    A_DATABASE,
    Beginning,
    Channel,
    ClusterName,
    DatabaseUrl,
    Folder,
    Home,
    Image,
    InnerUrl,
    Location,
    MailServer,
    Memory,
    Place,
    Project,
    Read,
    RedisUrl,
    Registry,
    SecretUrl,
    Server,
    ServiceUrl,
    WebAddress,
    is_postgresql,
)


class Environment(StrEnum):
    LOCAL = "local"
    PRODUCTION = "production"


class WarehouseKind(StrEnum):
    LAKE = "lake"
    BIGQUERY = "bigquery"


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


class RunLauncherKind(StrEnum):
    PROCESS = "process"
    KUBERNETES = "kubernetes"


_DATABASE = "platform.db"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RECS_", extra="ignore", frozen=True)

    env: Environment = Field(Environment.LOCAL, description="local or production; picks the set of resources.")
    home: Home = Field(
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
    gcp_project: Project | None = Field(
        None, description="Google Cloud project that holds the datasets, and that pays for the queries."
    )
    bigquery_location: Location = Field("EU", description="Where BigQuery keeps the datasets that the platform makes.")
    bigquery_prefix: Beginning = Field(
        "", description="What the names of datasets begin with, before the company's own. Default: nothing."
    )
    bigquery_query_bytes: Read = Field(
        "500GiB", description="What one query on BigQuery may read; one that would read more is refused before it runs."
    )
    bigquery_run_bytes: Read = Field(
        "5TiB", description="What the queries of one run on BigQuery may read together, those of its feeds included."
    )
    database_url: str = Field("", description="Platform database (SQLAlchemy). Default: SQLite in HOME.")
    dagster_database_url: DatabaseUrl | None = Field(
        None, description="PostgreSQL database of Dagster's runs, events and ticks. Default: SQLite in DAGSTER_HOME."
    )
    redis_url: RedisUrl | None = Field(
        None, description="Redis that answers customers first: `redis://host:6379/0`. Without it the database answers."
    )
    artifacts_url: Registry = Field(
        "",
        description="Registry of OCI artifacts that models are pushed to, such as "
        "europe-docker.pkg.dev/acme-recs/models. Default: an OCI layout in RECS_FILES_URL.",
    )
    code_server: Server | None = Field(
        None,
        description="Host and port of the code server that `recs ui` and `recs daemon` ask, where they are processes "
        "apart, such as code:4000. Without it `recs ui` starts one, and a daemon.",
    )
    service_url: InnerUrl | None = Field(
        None, description="Where the prediction service is reached by checks, `recs trace` and the doctor."
    )
    service_key: SecretStr | None = Field(
        None,
        description="Key with which they ask it, from `recs keys new`; of several companies a key each, with commas "
        "between. Without it they ask as anybody on its own machine may.",
    )
    companies_dir: Folder | None = Field(None, description="Folder of company files, beside the built-in ones.")
    landing_dir: Folder | None = Field(None, description="Where simulated feeds are written. Default: HOME/landing.")
    run_launcher: RunLauncherKind = Field(
        RunLauncherKind.PROCESS,
        description="process or kubernetes: queued runs are processes of the code server, or pods of a cluster.",
    )
    run_image: Image | None = Field(
        None, description="Image of run pods, such as europe-docker.pkg.dev/acme-recs/images/recs-platform:0.1.0."
    )
    run_namespace: ClusterName = Field("recs", description="Namespace of run pods.")
    run_service_account: ClusterName = Field("recs-run", description="Kubernetes service account of run pods.")
    run_kubeconfig: Folder | None = Field(
        None,
        description="Kubeconfig file of who starts run pods from outside the cluster. Default: its own pod's service "
        "account.",
    )
    concurrent_runs: int = Field(
        2, ge=1, le=10_000, description="Queued runs that go on at once, of all companies; of one company one."
    )
    memory_limit: Memory = Field("6GiB", description="Memory that one query may use before it spills to disk.")
    threads: int | None = Field(None, ge=1, le=1_024, description="Threads of one query. Default: the machine's cores.")
    carry: Switch = Field(
        Switch.ON,
        description="on or off: whether a slice that is made of the same as the day before's is carried over from it "
        "instead of made again.",
    )
    proofs: Switch = Field(
        Switch.ON,
        description="on or off: whether a rule of a table that is proved to hold goes without a scan.",
    )
    retention_days: int = Field(
        30, ge=1, le=36_500, description="Days that replaced versions of a table stay restorable."
    )
    run_retention_days: int = Field(
        90, ge=1, le=36_500, description="Days that Dagster's runs, with what they logged, and reports are kept."
    )
    slack_token: SecretStr | None = Field(
        None, description="Token of the Slack app that tells of troubles; without it they are told in the log."
    )
    slack_channel: Channel | None = Field(
        None,
        description="Slack channel of what concerns no company alone, and of companies whose file names nobody.",
    )
    slack_url: ServiceUrl = Field(
        "https://slack.com/api/", description="Where Slack's API is reached; another one for a proxy."
    )
    smtp_url: MailServer | None = Field(
        None, description="Mail server of alerts: `smtp://user:password@host:port?from=address`, or `smtps://`."
    )
    alert_webhook: SecretUrl | None = Field(None, description="URL to which alerts are posted as JSON.")
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
            "RECS_RUN_LAUNCHER=kubernetes": self._missing_for_run_pods()
            if self.run_launcher is RunLauncherKind.KUBERNETES
            else {},
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
        return missing | self._missing_databases()

    def _missing_databases(self) -> dict[str, str]:
        missing = {}
        if not is_postgresql(self.database_url):
            missing["RECS_DATABASE_URL"] = f"the platform database on PostgreSQL, {A_DATABASE}"
        if self.dagster_database_url is None:
            missing["RECS_DAGSTER_DATABASE_URL"] = "Dagster's database on PostgreSQL; it may be the same one"
        return missing

    def _missing_for_bigquery(self) -> dict[str, str]:
        return (
            {} if self.gcp_project else {"RECS_GCP_PROJECT": "the project that holds the datasets, such as acme-recs"}
        )

    def _missing_for_run_pods(self) -> dict[str, str]:
        """A pod shares no file with who started it."""
        image = {} if self.run_image else {"RECS_RUN_IMAGE": "the image of run pods, with its registry and its tag"}
        return image | self._missing_databases()

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
