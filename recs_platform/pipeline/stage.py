"""Tables and stages as data: what each table is made by, and which belong together.

Not here: what a table may see, and binding it to a company and days (pipeline.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from recs_platform.arguments import parameters_of_function
from recs_platform.companies.model import Company
from recs_platform.declarations.product import AnyProduct
from recs_platform.reporting.presentation import Present, check_presenter
from recs_platform.schemas.table import Table, TableSpec, spec_of
from recs_platform.warehouse.point_in_time import Span
from recs_platform.warehouse.protocol import Audit, BoundQuery, Incoming, Warehouse
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import Value

SOURCES, FEATURES, MODEL, CANDIDATES = "sources", "features", "model", "candidates"
RECOMMENDED, PUBLICATION, CAMPAIGNS, REPORTS = "recommended", "publication", "campaigns", "reports"

IncomingRows = Callable[[Company, Days], Mapping[str, Incoming]]


class Feed(Protocol):
    """Where a table's incoming rows come from, for who compares two days of it unread."""

    def why_unknown(self, company: Company) -> str:
        """Why nobody can tell that it is the same; nothing where it can be told."""

    def looks(self, company: Company, days: Days) -> Any:
        """Something that changes with it, and costs nothing to ask."""

    def fingerprint(self, company: Company, days: Days) -> str:
        """The same for the same bytes."""


@dataclass(frozen=True)
class SqlTable:
    """A table made by a query."""

    spec: TableSpec
    query: Query
    pinned: Mapping[str, Value] = field(default_factory=dict)
    incoming: IncomingRows | None = None
    """Rows from outside the warehouse, for a query that lands a source."""
    incoming_specs: tuple[TableSpec, ...] = ()
    feed: Feed | None = None
    """Where the incoming rows come from."""
    audits: Callable[[Company], tuple[Audit, ...]] | None = None
    present: Present | None = None
    """What a small table says, in words and as a picture."""
    note: Callable[[Warehouse, BoundQuery], Mapping[str, str]] | None = None
    """What is written down with a new slice, besides its run. It is asked before the query runs."""

    def __post_init__(self) -> None:
        if self.present:
            check_presenter(self.present)


@dataclass(frozen=True)
class FrameTable:
    """A table made by a Python function over other tables' slices; it is handed what it names (frame_asset.py)."""

    spec: TableSpec
    function: Callable[..., Any]
    inputs: Mapping[str, Any]
    """Table: the type it is handed over as."""
    look_back: Mapping[str, Span] = field(default_factory=dict)
    code_version: str | None = None
    """Changes when the function does."""
    present: Present | None = None
    after: tuple[str, ...] = ()
    """Tables that must be made before it, and that it does not read."""
    needs: tuple[str, ...] = ()
    """Tables without a row of which it has none, source tables that it does not read included."""
    at_most: frozenset[str] = frozenset()
    """The logs of `look_back` of which fewer days will do: no history is loaded for its sake."""

    def __post_init__(self) -> None:
        if self.present:
            check_presenter(self.present)

    @property
    def uses_models(self) -> bool:
        """Whether it is handed the company's trained models."""
        return "models" in parameters_of_function(self.function)


@dataclass(frozen=True)
class Stage:
    """Tables that belong together. A stage sees its own tables and those of the stages before it."""

    name: str
    """A step of a strategy's story, one of those below: stages of one name are one group in the UI."""
    tables: tuple[SqlTable | FrameTable, ...]
    private: frozenset[str] = frozenset()
    """Tables that only this stage may read."""
    questions: tuple[Query, ...] = ()
    """Queries that somebody asks of a day, rather than tables that are made of it."""
    product: AnyProduct | None = None
    """What this stage publishes."""
    weekly: bool = False
    """Whether its tables are made and published once a week, on the company's weekday, and not every day."""


def sql_asset(
    name: str,
    schema: type[Table],
    queries: Mapping[str, Query],
    *,
    parameters: Mapping[str, Value] | None = None,
    present: Present | None = None,
) -> SqlTable:
    """The table that `sql/**/<name>.sql` makes, typed by a Pandera model."""
    return SqlTable(spec_of(schema), queries[name], pinned=parameters or {}, present=present)
