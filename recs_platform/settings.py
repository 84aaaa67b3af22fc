"""The environment, read and validated once. Every variable that the platform reads is a field here (prefix `RECS_`).

`docs/settings.md` is the same list for people; a test holds the two against each other.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recs_platform.errors import ConfigError

_DATABASE = "platform.db"


class Environment(StrEnum):
    LOCAL = "local"
    PRODUCTION = "production"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RECS_", extra="ignore", frozen=True)

    env: Environment = Field(Environment.LOCAL, description="local or production; picks the set of resources.")
    home: Path = Field(
        default_factory=lambda: Path.cwd() / ".recs",
        description="Folder of everything local.",
        validate_default=True,
    )
    lake_url: str = Field("", description="Where tables live: a folder or a gs:// URL. Default: HOME/lake.")
    database_url: str = Field("", description="Platform database (SQLAlchemy). Default: SQLite in HOME.")
    companies_dir: Path | None = Field(None, description="Folder of company files, beside the built-in ones.")
    landing_dir: Path | None = Field(None, description="Where simulated feeds are written. Default: HOME/landing.")
    memory_limit: str = Field("6GiB", description="Memory that one query may use before it spills to disk.")
    threads: int | None = Field(None, ge=1, description="Threads of one query. Default: the machine's cores.")
    retention_days: int = Field(30, ge=1, description="Days that replaced versions of a table stay restorable.")

    @model_validator(mode="before")
    @classmethod
    def _empty_means_unset(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _production_is_explicit(self) -> Self:
        if self.env is Environment.PRODUCTION and not (self.lake_url and self.database_url):
            raise ValueError("RECS_ENV=production needs RECS_LAKE_URL and RECS_DATABASE_URL")
        return self

    @property
    def lake(self) -> str:
        return self.lake_url or str(self.home / "lake")

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
            f"RECS_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}" if problem["loc"] else problem["msg"]
            for problem in error.errors()
        )
        raise ConfigError(f"environment: {problems}. See docs/settings.md.") from None


def require_home() -> None:
    """For who only looks: where nothing was ever made, there is nothing to see, and nothing is created. A home with a
    lake or a database was made, and so was one whose lake or database is elsewhere."""
    chosen = settings()
    if chosen.lake_url or chosen.database_url or any(Path(p).exists() for p in (chosen.lake, chosen.home / _DATABASE)):
        return
    raise ConfigError(
        f"{chosen.home.absolute()}: nothing was ever made here. Set RECS_HOME to the folder that holds your tables, or "
        "make the first day: recs run --company COMPANY --date DAY"
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
