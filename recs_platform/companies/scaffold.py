"""Text that is derived from the company model: a new company's YAML, and the docs' table of parameters.

Not here: what is allowed (model.py, a strategy's parameters) and loading (loader.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from recs_platform.companies.loader import Strategies
from recs_platform.companies.model import identifier
from recs_platform.companies.problems import not_one_of, range_of
from recs_platform.companies.source_tables import column_comments
from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError

_TEMPLATE = """\
# {title}.
# Check it with: recs companies check {name}
name: {name}
strategy: {strategy}
{dataset:<31}# the folder (or BigQuery dataset) of its tables; no other company may have it
timezone: UTC                  # IANA name, such as Europe/Berlin: when its day is over and its runs start
currency: USD                  # ISO 4217
start_date: 2025-09-01         # the first day of its event stream

# The strategy's parameters. Each line shows a default; take out its `#` to change it.
parameters:
{parameters}

# Every table that has no entry under `sources` is simulated. Without this block, it is one that the company does not
# have: {strategy} {needs}.
simulation:
  seed: 1
  customers: 1000

# Where the tables come from: {tables}.
# Take out the `#` of what you need. Relative paths begin at this file's folder. The columns of each are listed below.
sources:
{one_file}
  # events:                               # a file per day; data/events/{{date}} would be a folder per day
  #   connector: files
  #   path: data/events/{{date}}.parquet
  #   missing_day: fail                   # or empty: a day without a file had no events
  # customers:                            # a query on a database; its URL comes from the environment alone
  #   connector: sql
  #   url_env: {variable}
  #   query: |                            # one SELECT without comments; :as_of, if it is there, is the day that is read
  #     SELECT id AS customer_id, email, updated_at
  #     FROM customers
  #     WHERE created_on <= :as_of

# What the company's feed calls things, raw name: canonical name. If one order arrives in two feeds of order lines, the
# first one counts.
event_names:
  product_viewed: product_viewed
  cart_updated: cart_updated
  order_line: order_line
  order_placed: order_placed
  order_refunded: order_refunded

# When what is published of a day must be live on the morning after it, by the clocks of `timezone`.
# deadlines:
{deadlines}

# Who is told when something is wrong (docs/alerts.md); without it, RECS_SLACK_CHANNEL or the log.
# alerts:
#   channel: "#recs-{channel}"            # Slack
#   email: [ops@example.com]
#   quiet_hours: "20:00-07:00"            # by the clocks of `timezone`; only errors are told then
#   escalate:                             # errors that are open for long are told here, too
#     channel: "#on-call"
#     after: 4h

# The prediction service (docs/serving.md).
# serving:
#   enabled: true                         # whether it answers for the company
#   log_answers: true                     # whether it keeps what it recommended to whom (docs/feedback.md)

# How recommendations are sent in messages (docs/delivery.md); without it, `recs export` writes none.
# delivery:
#   link: https://shop.example/p/{{item_id}}?rid={{token}}

# The columns of each table; * is required. A file to begin with: recs companies template TABLE
{columns}
"""


_CATALOG = """\
  # catalog:                              # one file, Parquet or CSV (commas, UTF-8, a header)
  #   connector: files
  #   path: data/catalog.csv
  #   columns:                            # only where names differ; canonical name: name in the file
  #     item_id: SKU
  #     category: Part Type"""
_TREATMENTS = """\
  # treatments:                           # one file, Parquet or CSV (commas, UTF-8, a header)
  #   connector: files
  #   path: data/mailed.csv
  #   columns:                            # only where names differ; canonical name: name in the file
  #     customer_id: Customer
  #     arm: Group"""


def new_company_yaml(name: str, strategy: str, strategies: Strategies) -> str:
    """A commented company file that loads as it is, simulated, and shows how to connect real sources."""
    check_name(name)
    if strategy not in strategies:
        raise ConfigError(not_one_of(strategy, "a strategy", list(strategies)))
    record = strategies[strategy]
    return _TEMPLATE.format(
        title=record.title,
        name=name,
        dataset=f"dataset: {name}",
        strategy=strategy,
        parameters="\n".join(_parameter_lines(record.parameters)),
        tables=", ".join(record.sources),
        needs=record.needs_in_words,
        one_file=_CATALOG if "catalog" in record.sources else _TREATMENTS,
        variable=f"{name.upper()}_DATABASE_URL",
        deadlines="\n".join(f'#   {product}: "{record.due_by:%H:%M}"' for product in record.publishes),
        channel=name.replace("_", "-"),
        columns="\n".join(_column_lines(record)),
    )


def check_name(name: str) -> None:
    """A ConfigError says why no company can be called so."""
    try:
        identifier(name)
    except ValueError as error:
        raise ConfigError(f"{error}.") from None


def parameters_markdown(strategies: Strategies) -> str:
    """The parameters of every strategy as Markdown tables: those that all share, then each strategy's own."""
    shared = Parameters.model_fields
    parts = [_markdown("Every strategy", shared)]
    for strategy in strategies.values():
        fields = strategy.parameters.model_fields
        if own := {name: field for name, field in fields.items() if name not in shared}:
            parts.append(_markdown(f"`{strategy.name}`", own))
    return "\n\n".join(parts)


def needs_markdown(strategies: Strategies) -> str:
    """Which source tables each strategy needs and can use, as a Markdown table."""
    tables = dict.fromkeys(table for strategy in strategies.values() for table in strategy.sources)
    return "\n".join(
        [
            f"| table | {' | '.join(f'`{name}`' for name in strategies)} |",
            f"|---|{'---|' * len(strategies)}",
            *(
                f"| `{table}` | {' | '.join(_need(strategy, table) for strategy in strategies.values())} |"
                for table in tables
            ),
        ]
    )


def _need(strategy: AnyStrategy, table: str) -> str:
    for group in strategy.needed:
        if table in group:
            return " or ".join(["needed", *(f"`{other}`" for other in group if other != table)])
    return "optional" if table in strategy.sources else "-"


def _column_lines(strategy: AnyStrategy) -> Iterator[str]:
    for spec in strategy.sources.values():
        yield "#"
        yield f"# {spec.name}: {spec.description}"
        yield from (f"#   {line}" for line in column_comments(spec))


def _parameter_lines(model: type[Parameters]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        allowed = range_of(field)
        yield f"  # {field.description}{f' Allowed: {allowed}.' if allowed else ''}"
        yield f"  # {name}: {_default(field)}"


def _markdown(title: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        f"| `{name}` | {_default(field)} | {range_of(field) or '-'} | {field.description} |"
        for name, field in fields.items()
    ]
    return "\n".join([f"**{title}**", "", "| parameter | default | allowed | meaning |", "|---|---|---|---|", *rows])


def _default(field: FieldInfo) -> str:
    # JSON is YAML, on one line.
    return json.dumps(field.get_default(call_default_factory=True), default=str)
