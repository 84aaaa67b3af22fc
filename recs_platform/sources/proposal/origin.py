"""From where somebody says that the data is, a folder or a database, to the company that it proposes.

A URL may hold a password: it is read, and neither written nor said. Not here: looking (folder.py, database.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from recs_platform.companies.source_config import FILE_ENDINGS, PACKED_ENDINGS
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.sources.proposal.folder import feeds_in, feeds_of_file
from recs_platform.sources.proposal.proposed_company import ProposedCompany, proposed_company

_ENVIRONMENT = "env:"


def propose_from(
    name: str,
    origin: str,
    strategies: Mapping[str, AnyStrategy],
    strategy: str | None,
    over: date | None = None,
) -> ProposedCompany:
    """The company that a folder, a file, `env:VARIABLE` or a database's URL proposes; a ConfigError says what is
    in the way."""
    if origin.startswith(_ENVIRONMENT) or "://" in origin:
        return _of_database(name, origin, strategies, strategy)
    path = Path(origin)
    said: list[str] = []
    if path.is_file() and not path.name.lower().endswith((*FILE_ENDINGS, *PACKED_ENDINGS)):
        database = path.suffix.lower() in (".db", ".sqlite", ".sqlite3")
        remedy = f"write --from sqlite:///{path}" if database else "export it as CSV or Parquet"
        raise ConfigError(f"{path} is a file that is not read; {remedy}.")
    if path.is_file():
        feeds = feeds_of_file(path.resolve())
    else:
        feeds, said = feeds_in(path.resolve())
    return proposed_company(name, feeds, strategies, strategy=strategy, origin=str(path), said=said, over=over)


def _of_database(
    name: str, origin: str, strategies: Mapping[str, AnyStrategy], strategy: str | None
) -> ProposedCompany:
    from recs_platform.sources.proposal.database import feeds_of

    named = origin.startswith(_ENVIRONMENT)
    variable = origin.removeprefix(_ENVIRONMENT) if named else f"{name.upper()}_DATABASE_URL"
    url = os.environ.get(variable, "") if named else origin
    if not url:
        raise ConfigError(f"the environment variable {variable} is not set; it should hold the database's URL.")
    exported = "" if os.environ.get(variable) == url else f"export {variable}=<the URL that you gave>"
    return proposed_company(
        name,
        feeds_of(url, variable),
        strategies,
        strategy=strategy,
        origin=f"the database of {variable}",
        variable=variable,
        exported=exported,
    )
