"""A company, as its YAML file describes it: who it is, which strategy serves it, and where its tables come from.

Not here: reading YAML (loader.py), which strategies there are (they are handed in), reading sources.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, time
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from recs_platform.companies.alert_settings import Alerts
from recs_platform.companies.connectors import CONNECTORS
from recs_platform.companies.constants import constant_problems
from recs_platform.companies.currencies import CURRENCIES, NO_CURRENCY
from recs_platform.companies.deadlines import deadlines_of
from recs_platform.companies.delivery_settings import Delivery
from recs_platform.companies.problems import (
    Problem,
    did_you_mean,
    not_one_of,
    raise_problems,
    shown,
    spelt_right,
    unknown_key,
    validated,
)
from recs_platform.companies.purchase_log import TABLE, PurchasesSource
from recs_platform.companies.source_columns import column_problems
from recs_platform.companies.source_config import NoSource, ServiceSource, SimulatedSource, Source
from recs_platform.companies.timezones import known_timezone
from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.strategy import AnyStrategy, Strategy
from recs_platform.schemas.feedback_sources import KEPT_BY_THE_SERVICE
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import TableSpec


def identifier(text: str) -> str:
    """A name that is safe as a folder, a dataset and a partition key; a ValueError says what it must be."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text):
        raise ValueError(
            f"{shown(text)} is not an identifier: lower-case letters, digits and _, a letter first, at most 63"
        )
    return text


def _strategy(given: Any, info: ValidationInfo) -> Any:
    """The record of the strategy that a file names."""
    if isinstance(given, Strategy):
        return given
    strategies: Mapping[str, AnyStrategy] = (info.context or {}).get(STRATEGIES_CONTEXT, {})
    if not isinstance(given, str):
        raise ValueError("should be the name of a strategy")
    if given not in strategies:
        raise ValueError(not_one_of(given, "a strategy", list(strategies)))
    return strategies[given]


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        hint = did_you_mean(code, sorted(CURRENCIES))
        raise ValueError(f"{shown(code)} is not an ISO 4217 currency.{hint} Allowed: codes such as USD or EUR.")
    return code


def _event_name(name: str) -> str:
    if name not in EVENT_NAMES:
        raise ValueError(not_one_of(name, "a canonical event name", EVENT_NAMES))
    return name


OFFERS = "offers"
STRATEGIES_CONTEXT = "strategies"
"""Under this name a file's validation is given the strategies that there are."""

Identifier = Annotated[str, AfterValidator(identifier)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Simulation(_Section):
    """The synthetic world that feeds every table without a source of its own."""

    seed: int = Field(1, ge=0, le=2**31 - 1, description="Another seed gives another world.")
    customers: int = Field(1_000, ge=1, le=5_000_000, description="Customers in the world.")
    drift_after_days: int | None = Field(
        None, ge=1, le=100_000, description="Offer ranking: days from the start to the planted shift; none: 100."
    )
    interactions: bool = Field(
        True, description="Offer ranking: whether redemptions follow products of features, which no linear model sees."
    )
    habits: float = Field(
        0.0, ge=0, le=5, description="Offer ranking: how far customers differ in their readiness to redeem (log-odds)."
    )
    items_per_offer: int = Field(1, ge=1, le=80, description="Offer ranking: items that each offer covers.")
    campaign_weeks: int = Field(
        1, ge=1, le=26, description="Offer ranking: offers are shown in one week of so many; 1: every week."
    )
    huge_quantities: bool = Field(
        False, description="Offer ranking: whether one basket line in a thousand is of thousands of units."
    )


class Serving(_Section):
    """How the prediction service treats the company."""

    enabled: bool = Field(True, description="Whether the prediction service answers for the company.")
    log_answers: bool = Field(
        True, description="Whether it keeps what it recommended to whom, so that reactions can be counted by rank."
    )


class Company(_Section):
    """One customer of the platform. Every source table that it provides has an entry in `sources` once it is loaded."""

    name: Identifier
    strategy: Annotated[InstanceOf[AnyStrategy], BeforeValidator(_strategy), PlainSerializer(str, return_type=str)]
    dataset: Identifier = Field(default=None, validate_default=True)
    timezone: Annotated[str, AfterValidator(known_timezone)] = "UTC"
    currency: Annotated[str, AfterValidator(_currency)] = NO_CURRENCY
    start_date: date = Field(ge=date(1970, 1, 1), le=date(2199, 12, 31))
    end_date: date | None = Field(default=None, le=date(2199, 12, 31))
    """The last day that there is of it: a simulated world is over then, or the company is no customer any more."""
    lost_days: tuple[date, ...] = ()
    """Days whose feeds are lost for good: nothing waits for them, and reports say that they are missing."""
    parameters: SerializeAsAny[Parameters] = Field(default=None, validate_default=True)
    simulation: Simulation | None = None
    sources: dict[str, Source] = Field(default_factory=dict, validate_default=True)
    event_names: dict[str, Annotated[str, AfterValidator(_event_name)]] = Field(
        default_factory=lambda: {name: name for name in EVENT_NAMES}, min_length=1
    )
    """Raw name: canonical name. Of several raw names for one canonical name the first is the preferred feed."""
    deadlines: dict[str, time] = Field(default_factory=dict, validate_default=True)
    """When the products of a day must be live, in the company's time zone; the strategy says it of those that are not
    here."""
    serving: Serving = Serving()
    delivery: Delivery | None = None
    """None of a company whose recommendations are not sent in messages."""
    alerts: Alerts = Alerts()

    @model_validator(mode="after")
    def _metrics_find_their_events(self) -> Company:
        raise_problems(
            "parameters",
            [
                Problem(
                    ("parameters", "metrics"),
                    f"{shown(metric.event)} of the metric {metric.name} is loaded as {self.event_names[metric.event]} "
                    "(`event_names`); write that name.",
                )
                for metric in self.parameters.metrics
                if self.event_names.get(metric.event, metric.event) != metric.event
            ],
        )
        return self

    @model_validator(mode="after")
    def _links_name_what_there_is(self) -> Company:
        if self.delivery and self.delivery.names_offers and OFFERS not in self.strategy.sources:
            raise_problems(
                "delivery",
                [Problem(("delivery", "link"), f"{{offer_id}}: {self.strategy} has no offers; use {{item_id}}.")],
            )
        return self

    @property
    def tables(self) -> dict[str, TableSpec]:
        """The source tables that the company's strategy is fed, by name."""
        return self.strategy.sources

    def provides(self, table: str) -> bool:
        """Whether the company feeds this source table, or has it simulated. One that it does not provide has its
        columns and no rows, and nobody warns about it."""
        return table in self.sources

    def has_day(self, day: date) -> bool:
        """Whether the company has this day: none before its first, none after its last."""
        return self.start_date <= day and (self.end_date is None or day <= self.end_date)

    def deadline(self, product: str) -> time:
        """When a product must be live in the morning, in the company's time zone."""
        return self.deadlines.get(product, self.strategy.due_by)

    @property
    def sparse_tables(self) -> tuple[str, ...]:
        """Source tables of which a day without rows is nothing unusual: also a log whose days were made up."""
        return (*self.strategy.sparse_tables, *([TABLE] if self.days_between_orders else []))

    @property
    def days_between_orders(self) -> int | None:
        """In a log without times: how far apart its orders are taken to be. Its days say nothing of the calendar."""
        source = self.sources.get(TABLE)
        return source.days_between_orders if isinstance(source, PurchasesSource) else None

    @property
    def not_provided(self) -> tuple[str, ...]:
        """The source tables of its strategy that the company does not have."""
        return tuple(table for table in self.tables if not self.provides(table))

    @field_validator("dataset", mode="before")
    @classmethod
    def _called_as_the_company(cls, given: Any, info: ValidationInfo) -> Any:
        return info.data.get("name", "unnamed") if given is None else given

    @field_validator("end_date")
    @classmethod
    def _not_before_the_start(cls, last: date | None, info: ValidationInfo) -> date | None:
        first: date | None = info.data.get("start_date")
        if last and first and last < first:
            raise ValueError(f"{last} is before start_date, {first}")
        return last

    @field_validator("parameters", mode="plain")
    @classmethod
    def _parameters_of_the_strategy(cls, given: Any, info: ValidationInfo) -> Parameters:
        strategy = info.data.get("strategy")
        if strategy is None:  # reported at its own key; without it nobody knows which parameters there are
            return Parameters()
        model: type[Parameters] = strategy.parameters
        parameters, problems = validated(model, {} if given is None else given)
        raise_problems("parameters", problems)
        assert parameters is not None  # noqa: S101  (without a problem there is a model)
        return parameters

    @field_validator("deadlines", mode="plain")
    @classmethod
    def _deadlines_of_products(cls, given: Any, info: ValidationInfo) -> dict[str, time]:
        strategy = info.data.get("strategy")
        if strategy is None:
            return {}
        given = {} if given is None else given
        if not isinstance(given, Mapping):
            raise ValueError('should be a time for each product, such as allocation: "09:00"')
        deadlines, problems = deadlines_of(given, strategy)
        raise_problems("deadlines", problems)
        return deadlines

    @field_validator("sources", mode="plain")
    @classmethod
    def _sources_of_the_strategy(cls, given: Any, info: ValidationInfo) -> dict[str, Source]:
        strategy = info.data.get("strategy")
        if strategy is None:
            return {}
        given = {} if given is None else given  # `sources:` with only comments below it
        if not isinstance(given, Mapping):
            raise ValueError("should be a group of tables, each with its connector")
        tables = strategy.sources
        what = f"a source table of {strategy}"
        unknown = [table for table in given if table not in tables]
        problems = [Problem((str(table),), not_one_of(table, what, list(tables))) for table in unknown]
        given, _ = spelt_right(given, list(tables))
        sources: dict[str, Source] = {}
        simulated = info.data.get("simulation", ...) is not None
        for table, spec in tables.items():
            kept_by_the_service = table in KEPT_BY_THE_SERVICE
            if table not in given and not simulated and not kept_by_the_service:
                continue
            default = {"connector": "service" if kept_by_the_service else "simulated"}
            source = _source(table, given.get(table, default), info, problems)
            if source is None or isinstance(source, NoSource):
                continue
            problems += [*column_problems(spec, source), *constant_problems(spec, source)]
            if isinstance(source, PurchasesSource):
                problems += _of_purchases(table, source, info)
            if isinstance(source, SimulatedSource) and not simulated:
                problems.append(Problem((table,), f"is simulated, and there is no world to simulate; {_REMEDY}"))
            if isinstance(source, SimulatedSource) and kept_by_the_service:
                problems.append(
                    Problem((table, "connector"), "is not part of a simulated world; leave it out, or service.")
                )
            if isinstance(source, ServiceSource) and not kept_by_the_service:
                kept = " and ".join(KEPT_BY_THE_SERVICE)
                problems.append(Problem((table, "connector"), f"service is only for {kept}: it keeps nothing else."))
            sources[table] = source
        named = {table for table, entry in given.items() if not _says_none(entry)}
        problems += _lacking(strategy, named | sources.keys())
        raise_problems("sources", problems)
        return sources


_REMEDY = "add a connector, or a `simulation:` block to have it simulated."


def _says_none(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("connector") == "none"


def _lacking(strategy: AnyStrategy, provided: Collection[str]) -> list[Problem]:
    """Source tables that the strategy needs and nobody provides."""
    problems = []
    for group in strategy.needed:
        if not set(group) & set(provided):
            others = f", and neither has {' or '.join(group[1:])}" if group[1:] else ""
            problems.append(
                Problem((group[0],), f"has no source{others}; {_REMEDY} {strategy} {strategy.needs_in_words}.")
            )
    return problems


def _of_purchases(table: str, source: PurchasesSource, info: ValidationInfo) -> list[Problem]:
    """What a log of purchases cannot be without."""
    if table != TABLE:
        return [Problem((table, "connector"), f"purchases is only for {TABLE}; files reads other tables.")]
    if source.days_between_orders and info.data.get("end_date", ...) is None:
        message = "needs the company's end_date: the day of each client's last order."
        return [Problem((table, "days_between_orders"), message)]
    return []


def _source(table: str, entry: Any, info: ValidationInfo, problems: list[Problem]) -> Source | NoSource | None:
    """The entry of one table, or None with what is wrong added to `problems`."""
    connectors = list(CONNECTORS)
    if isinstance(entry, Source | NoSource):
        return entry
    misspelt: dict[str, str] = {}
    if isinstance(entry, Mapping):
        entry, misspelt = spelt_right(entry, ["connector"])
    if not isinstance(entry, Mapping) or "connector" not in entry:
        problems.append(Problem((table, "connector"), f"is missing. Allowed: {', '.join(connectors)}."))
        return None
    source: Source | NoSource | None = None
    of_source: list[Problem] = []
    if model := CONNECTORS.get(str(entry["connector"])):
        source, of_source = validated(model, entry, context=info.context)
    elif not misspelt:
        of_source = [Problem(("connector",), not_one_of(entry["connector"], "a connector", connectors))]
    of_source += [Problem((key,), unknown_key(key, ["connector"], connectors)) for key in misspelt]
    problems += [Problem((table, *problem.key), problem.message) for problem in of_source]
    return None if of_source else source
