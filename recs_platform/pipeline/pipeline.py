"""A strategy's pipeline: what each of its tables and checks may see, and binding any of them to a company and days.

It judges all of its queries when it is made, so a wrong one is found when definitions load. The assembly turns it into
Dagster assets; commands and tests use it as it is. Not here: what tables and stages are (stage.py). No Dagster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import campaign_window, parameter_types, query_parameters
from recs_platform.declarations.product import PUBLISHED, AnyProduct
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.pipeline.questions import Question, read_question
from recs_platform.pipeline.stage import FrameTable, SqlTable, Stage
from recs_platform.pipeline.weekly import refuse_daily_checks_of_weekly, refuse_what_cannot_be_weekly, weekly_parts
from recs_platform.schemas.sources import Catalog, Customers
from recs_platform.schemas.table import Kind, TableSpec, spec_of
from recs_platform.warehouse import point_in_time
from recs_platform.warehouse.check import Check, read_check
from recs_platform.warehouse.point_in_time import Looks
from recs_platform.warehouse.protocol import BoundQuery, Incoming
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.scope import AS_OF, SENT_FROM, SENT_TO, Scope
from recs_platform.warehouse.slices import ALL_DAYS, Days, TableRef
from recs_platform.warehouse.values import Value, Values

FIRST_DAY, LAST_DAY = "first_day", "last_day"
"""What a check may ask besides a table's own parameters: the days that it judges."""


@dataclass(frozen=True)
class Pipeline:
    strategy: AnyStrategy
    stages: Sequence[Stage]
    validation: Sequence[Query]

    def __post_init__(self) -> None:
        # A query that breaks a rule stops definitions from loading, not a run at night.
        _ = self.looks, self.checks, self.questions
        refuse_what_cannot_be_weekly(self.strategy, self.tables, self.weekly)
        refuse_daily_checks_of_weekly([check for check, _ in self.checks.values()], self.weekly)

    @cached_property
    def tables(self) -> dict[str, SqlTable | FrameTable]:
        """Every table, in the order of the stages."""
        tables: dict[str, SqlTable | FrameTable] = {}
        for stage in self.stages:
            for table in stage.tables:
                if table.spec.name in tables:
                    raise ValueError(f"{self.strategy.name} declares {table.spec.name} twice")
                tables[table.spec.name] = table
        return tables

    @cached_property
    def products(self) -> dict[str, AnyProduct]:
        """What the strategy publishes, in the order of the stages."""
        products: dict[str, AnyProduct] = {}
        for product in (stage.product for stage in self.stages if stage.product):
            if product.name in products:
                raise ValueError(f"{self.strategy.name} publishes {product.name} twice")
            products[product.name] = product
        return products

    @cached_property
    def stage_names(self) -> dict[str, str]:
        """The name of the stage that each table belongs to, and each asset that publishes."""
        made = {table.spec.name: stage.name for stage in self.stages for table in stage.tables}
        return made | {stage.product.asset: stage.name for stage in self.stages if stage.product}

    @cached_property
    def weekly(self) -> frozenset[str]:
        """The tables and the assets that publish which are made once a week; all others are made every day."""
        return weekly_parts(self.stages)

    @cached_property
    def specs(self) -> dict[str, TableSpec]:
        """Every table that a query can read: those that are made, and the live ones."""
        live = {product.live.name: product.live for product in self.products.values()}
        return {name: table.spec for name, table in self.tables.items()} | live

    @cached_property
    def looks(self) -> dict[str, Looks]:
        """What each table's query looks at beyond its own day."""
        return {
            table.spec.name: self._looks_of(table, self._scope(number, table))
            for number, stage in enumerate(self.stages)
            for table in stage.tables
        }

    @cached_property
    def checks(self) -> dict[str, tuple[Check, Looks]]:
        """Every check whose table the strategy has, by name."""
        scope = Scope(self.strategy.name, self.specs, self._parameters | {FIRST_DAY, LAST_DAY})
        checks = {}
        for query in self.validation:
            if not self._concerns(query):
                continue
            check = read_check(query, self.specs, self._parameters)
            kind = self.specs[check.table].kind
            if kind is Kind.LOG and (look_back := query.directive("look-back")):
                raise query.error("a check of a log is shown the days that it judges and no others", line=look_back[1])
            checks[query.name] = check, scope.admit(query, kind)
        return checks

    @cached_property
    def questions(self) -> dict[str, Question]:
        """Every question by name: those of the stages, which see all tables, and the figures of each product."""
        asked = {
            query.name: read_question(query, Scope(self.strategy.name, self.specs, self._parameters))
            for stage in self.stages
            for query in stage.questions
        }
        for product in self.products.values():
            scope = Scope(self.strategy.name, {PUBLISHED: product.of}, frozenset())
            asked[product.figures.name] = read_question(product.figures, scope)
            if product.messages:
                known = {PUBLISHED: product.of} | {spec.name: spec for spec in map(spec_of, (Customers, Catalog))}
                for query in (product.messages.recipients, product.messages.items):
                    scope = Scope(self.strategy.name, known, frozenset())
                    asked[query.name] = read_question(query, scope)
        return asked

    def _concerns(self, query: Query) -> bool:
        """A check of the strategy's own area is always its; one of a shared area, when the strategy has the table."""
        area = query.path.split("/")[2]
        guarded, _ = query.directive("table") or ("", 1)
        return area == self.strategy.name or guarded in self.specs

    def inputs(self, table: str) -> frozenset[str]:
        """The tables that a table is made of or made after, earlier snapshots under their own names. A live table is
        none of them: publishing comes after, so what is live is what an earlier run made of it. An asset that publishes
        is asked for like a table."""
        for product in self.products.values():
            if table == product.asset:
                return frozenset({product.comparison, product.of.name})
        declared = self.tables[table]
        if isinstance(declared, FrameTable):
            return frozenset({*declared.inputs, *declared.after})
        outside = {spec.name for spec in declared.incoming_specs} | self._live_names
        earlier = self.looks[table].earlier
        return frozenset(earlier[n].table if n in earlier else n for n in declared.query.tables - outside)

    def made_of(self, table: str) -> frozenset[str]:
        """A table and every table that it is made of, directly or not."""
        ancestors, to_visit = set[str](), [table]
        while to_visit:
            name = to_visit.pop()
            if name not in ancestors:
                ancestors.add(name)
                to_visit += self.inputs(name) - ancestors
        return frozenset(ancestors)

    def bind(self, name: str, company: Company, days: Days) -> BoundQuery:
        """A table's query, ready to run for a company and days."""
        table = self.tables[name]
        if not isinstance(table, SqlTable):
            raise TypeError(f"{name} is made by Python, not by a query")
        if table.spec.kind is Kind.SNAPSHOT and len(days) > 1:
            raise ConfigError(f"{name} is a snapshot: a run makes one day of it, and this one was started for {days}.")
        if days.first < company.start_date:
            raise ConfigError(
                f"{company.name} starts on {company.start_date}; there is nothing for {days.first} before it."
            )
        values = self._values(company, days, table.spec.kind) | dict(table.pinned)
        incoming = table.incoming(company, days) if table.incoming else {}
        views = self._views(table.query, self.looks[name], table.spec.kind, days, values, set(incoming))
        return BoundQuery(
            table.query,
            company.dataset,
            values,
            views,
            incoming,
            table.audits(company) if table.audits else (),
            company=company.name,
        )

    def days_read(self, name: str, company: Company, days: Days) -> dict[str, Days]:
        """The days of each input that a function's table is handed: a span is as long as the company's own parameter
        says, however far back others of its strategy look."""
        table, values = self._frame_table(name), query_parameters(company)
        return {
            other: point_in_time.looking_back(days, table.look_back.get(other, 1), values) for other in table.inputs
        }

    def bind_input(self, name: str, other: str, company: Company, days: Days) -> BoundQuery:
        """The days of an input that a function's table is handed, as a query over them."""
        spec, shown = self.specs[other], self.days_read(name, company, days)[other]
        columns = ", ".join(f"`{column.name}`" for column in spec.columns)
        query = parse_query(other, f"SELECT {columns} FROM `{other}`", f"{name}: input {other}")
        view = point_in_time.View(other, spec, shown, required=spec.kind is Kind.SNAPSHOT)
        values = self._values(company, days, self.specs[name].kind)
        return BoundQuery(query, company.dataset, values, (view,), company=company.name)

    def _frame_table(self, name: str) -> FrameTable:
        table = self.tables[name]
        if not isinstance(table, FrameTable):
            raise TypeError(f"{name} is made by a query, not by Python")
        return table

    def ask(
        self, name: str, company: Company, day: date, given: Values, *, rows: Mapping[str, Incoming] | None = None
    ) -> BoundQuery:
        """A question, ready to be asked of a company's day. A table that a query makes may be asked for, too.

        `given` are values that only the asking knows: the parameters that a question declares, or other days of
        messages than the campaign window's. `rows` stand in for stored tables. What a question reads and nobody has
        made is empty; what a table's query reads must be there.
        """
        days, instead = Days.one(day), rows or {}
        if name in self.tables:
            asked, bound = frozenset({SENT_FROM, SENT_TO}), self.bind(name, company, days)
        else:
            question = self.questions[name]
            asked, bound = frozenset(question.given), self._bound_question(question, company, days, given)
        if wrong := sorted(given.keys() - asked | (bound.query.parameters - bound.values.keys() - given.keys())):
            raise TypeError(f"{name} is asked with {', '.join(sorted(given)) or 'nothing'}: @{wrong[0]}")
        return replace(
            bound,
            values={**bound.values, **given},
            views=tuple(view for view in bound.views if view.name not in instead),
            incoming={**bound.incoming, **instead},
            audits=(),
        )

    def _bound_question(self, question: Question, company: Company, days: Days, given: Values) -> BoundQuery:
        values = self._values(company, days, Kind.SNAPSHOT)
        shown = self._views(
            question.query, question.looks, Kind.SNAPSHOT, days, {**values, **given}, (), tables=question.tables
        )
        views = tuple(replace(view, required=False) for view in shown)
        return BoundQuery(question.query, company.dataset, values, views, company=company.name)

    def bind_check(self, name: str, company: Company, days: Days) -> BoundQuery:
        """A check's query, shown the same days as the table that it guards."""
        check, looks = self.checks[name]
        kind = self.specs[check.table].kind
        values = self._values(company, days, kind) | {FIRST_DAY: days.first, LAST_DAY: days.last}
        views = {v.name: v for v in self._views(check.query, looks, kind, days, values, set())}
        if check.of not in views:
            views[check.of] = point_in_time.View(check.of, self.specs[check.of], days, required=False)
        return BoundQuery(check.query, company.dataset, values, tuple(views.values()), company=company.name)

    def ref(self, name: str, company: Company) -> TableRef:
        return TableRef(company.dataset, self.specs[name], company.name)

    @cached_property
    def parameter_types(self) -> dict[str, str]:
        """What every query may use, and its type in GoogleSQL."""
        return parameter_types(self.strategy)

    @property
    def _parameters(self) -> frozenset[str]:
        return frozenset(self.parameter_types)

    @staticmethod
    def _values(company: Company, days: Days, kind: Kind) -> dict[str, Value]:
        values = query_parameters(company)
        if kind is Kind.SNAPSHOT:
            sent = campaign_window(company, days.last)
            values |= {AS_OF: days.last, SENT_FROM: sent.first, SENT_TO: sent.last}
        return values

    def _views(
        self,
        query: Query,
        looks: Looks,
        kind: Kind,
        days: Days,
        values: Values,
        outside: Iterable[str],
        *,
        tables: Mapping[str, TableSpec] | None = None,
    ) -> tuple[point_in_time.View, ...]:
        views = point_in_time.views(
            query, looks, kind, tables or self.specs, days, values, outside=frozenset(outside) | self._live_names
        )
        live = (point_in_time.View(n, self.specs[n], ALL_DAYS, required=False) for n in sorted(self._live_names))
        return (*views, *(view for view in live if view.name in query.tables))

    @cached_property
    def _live_names(self) -> frozenset[str]:
        return frozenset(product.live.name for product in self.products.values())

    def _looks_of(self, table: SqlTable | FrameTable, scope: Scope) -> Looks:
        if isinstance(table, SqlTable):
            return scope.admit(table.query, table.spec.kind, pinned=table.pinned)
        for verb, names in (("takes", table.inputs), ("comes after", table.after), ("needs", table.needs)):
            if unknown := sorted(set(names) - scope.tables.keys()):
                raise ValueError(f"{table.spec.name} {verb} {', '.join(unknown)}, which {scope.strategy} does not have")
        for name, span in table.look_back.items():
            if isinstance(span, str) and span not in self._parameters:
                raise ValueError(f"{table.spec.name} looks back on {name} for @{span}, which is not a parameter")
        for name in table.inputs:
            is_log = scope.tables[name].kind is Kind.LOG
            if name in table.look_back and not is_log:
                raise ValueError(f"{table.spec.name} looks back on {name}, which is not a log")
            if is_log and table.spec.kind is Kind.SNAPSHOT and name not in table.look_back:
                raise ValueError(f"{table.spec.name} takes {name}, a log: say how many days of it in `look_back`")
        return Looks(back=table.look_back, at_most=table.at_most)

    def _scope(self, stage_number: int, table: SqlTable | FrameTable) -> Scope:
        visible: dict[str, TableSpec] = {}
        hidden: dict[str, str] = {}
        for number, stage in enumerate(self.stages):
            if stage.product and number <= stage_number:
                visible[stage.product.live.name] = stage.product.live
            for other in stage.tables:
                name = other.spec.name
                if number > stage_number:
                    hidden[name] = f"it belongs to {stage.name}, which comes later"
                elif number < stage_number and name in stage.private:
                    hidden[name] = f"it is private to {stage.name}"
                elif other is not table:
                    visible[name] = other.spec
        if isinstance(table, SqlTable):
            visible |= {spec.name: spec for spec in table.incoming_specs}
        return Scope(self.strategy.name, visible, self._parameters, hidden, itself=table.spec)
