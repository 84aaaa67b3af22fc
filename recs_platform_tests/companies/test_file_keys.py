"""Everything that the keys and values of a company's file may hold, and what is said of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.loader import read_company
from recs_platform.schemas.feedback_sources import KEPT_BY_THE_SERVICE
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.companies.shop import FILES, SHOP, SQL, complaint, shop, shop_file

ALL_KEYS = (
    "name, strategy, dataset, timezone, currency, start_date, end_date, lost_days, "
    "parameters, simulation, sources, event_names, deadlines, serving, delivery, alerts"
)
SOURCES = ("events", "treatments", "deliveries", "interactions", "customers", "catalog")
TABLES = ", ".join((*SOURCES, *KEPT_BY_THE_SERVICE))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curency": "EUR"}, f'curency: unknown key. Did you mean "currency"? Allowed: {ALL_KEYS}.'),
        (
            {"strategy": "replenishments"},
            'strategy: "replenishments" is not a strategy. Did you mean "replenishment"? '
            "Allowed: vehicle_fitment, offer_ranking, replenishment, measurement.",
        ),
        (
            {"dataset": "Shop 1"},
            'dataset: "Shop 1" is not an identifier: lower-case letters, digits and _, a letter first, at most 63.',
        ),
        ({"name": 5}, "name: should be a valid string, but is 5."),
        (
            {"timezone": "Europe/Berln"},
            'timezone: "Europe/Berln" is not an IANA time zone. Did you mean "Europe/Berlin"? '
            "Allowed: names such as Europe/Berlin.",
        ),
        (
            {"currency": "EURO"},
            'currency: "EURO" is not an ISO 4217 currency. Did you mean "EUR"? Allowed: codes such as USD or EUR.',
        ),
        ({"start_date": "soon"}, 'start_date: should be a valid date or datetime, but is "soon".'),
        ({"end_date": "2025-08-31"}, "end_date: 2025-08-31 is before start_date, 2025-09-01."),
        (
            {"parameters": {"active_window_days": 731}},
            "parameters.active_window_days: 731 is out of range; allowed: 1 to 730.",
        ),
        (
            {"parameters": {"active_window_days": "x"}},
            'parameters.active_window_days: should be a valid integer, but is "x".',
        ),
        (
            {"parameters": {"rejected_warning": 0.5}},
            "parameters: rejected_warning must not exceed rejected_tolerance.",
        ),
        ({"simulation": {"customers": 0}}, "simulation.customers: 0 is out of range; allowed: 1 to 5000000."),
        (
            {"simulation": {"sed": 1}},
            'simulation.sed: unknown key. Did you mean "seed"? '
            "Allowed: seed, customers, drift_after_days, interactions, habits, items_per_offer, campaign_weeks, "
            "huge_quantities.",
        ),
        ({"sources": [1]}, "sources: should be a group of tables, each with its connector."),
        (
            {"sources": {"event": FILES}},
            f'sources.event: "event" is not a source table of replenishment. Did you mean "events"? Allowed: {TABLES}.',
        ),
        (
            {"sources": {"catalog": {"path": "a.csv"}}},
            "sources.catalog.connector: is missing. "
            "Allowed: files, purchases, sql, bigquery, simulated, service, none.",
        ),
        (
            {"sources": {"catalog": {"connector": "snowflake"}}},
            'sources.catalog.connector: "snowflake" is not a connector. '
            "Allowed: files, purchases, sql, bigquery, simulated, service, none.",
        ),
        ({"sources": {"catalog": {"connector": "files"}}}, "sources.catalog.path: is missing; it is required."),
        (
            {"sources": {"catalog": {**FILES, "pth": "x"}}},
            'sources.catalog.pth: unknown key. Did you mean "path"? '
            "Allowed: columns, constants, connector, path, missing_day, delimiter, encoding, decimal, thousands, "
            "dates, timezone, expressions, sheet.",
        ),
        (
            {"sources": {"catalog": {**FILES, "missing_day": "empy"}}},
            'sources.catalog.missing_day: "empy" is not allowed here. Did you mean "empty"? Allowed: fail, empty.',
        ),
        (
            {"sources": {"catalog": {**FILES, "missing_day": "empty"}}},
            "sources.catalog: missing_day is only for a path with {date} in it.",
        ),
        (
            {"sources": {"catalog": {**FILES, "path": "{day}.csv"}}},
            "sources.catalog.path: unknown placeholder {day}. Allowed: {date}.",
        ),
        (
            {"sources": {"deliveries": {**FILES, "columns": {"statsu": "x"}}}},
            'sources.deliveries.columns.statsu: "statsu" is not a column of deliveries. Did you mean "status"? '
            "Allowed: send_id, status, failure_reason, reported_at.",
        ),
        (
            {"sources": {"deliveries": {**FILES, "columns": {"at": "x"}}}},
            "sources.deliveries.columns.at: is called reported_at now; write that name.",
        ),
        (
            {"sources": {"catalog": {**SQL, "chunk_rows": 5}}},
            "sources.catalog.chunk_rows: 5 is out of range; allowed: 100 to 1000000.",
        ),
        (
            {"event_names": {"Bought": "order_lines"}},
            'event_names.Bought: "order_lines" is not a canonical event name. Did you mean "order_line"? '
            "Allowed: product_viewed, cart_updated, order_line, order_placed, order_refunded.",
        ),
        ({"serving": {"enabled": "maybe"}}, 'serving.enabled: should be a valid boolean, but is "maybe".'),
        ({"serving": 5}, "serving: should be a group of keys (enabled, log_answers), but is 5."),
        (
            {"alerts": {"channel": "recs"}},
            'alerts.channel: "recs" is not a Slack channel: write it as "#recommendations", with quotes.',
        ),
        (
            {"alerts": {"chanel": "#recs"}},
            'alerts.chanel: unknown key. Did you mean "channel"? '
            "Allowed: channel, email, webhook, quiet_hours, escalate.",
        ),
        (
            {"alerts": "#recs"},
            'alerts: should be a group of keys (channel, email, webhook, quiet_hours, escalate), but is "#recs".',
        ),
        (
            {"alerts": {"email": ["ops@shop.example", "jane.doe at shop"]}},
            'alerts.email.1: "jane.doe at shop" is not an e-mail address: a name, @ and a domain.',
        ),
        (
            {"alerts": {"email": "ops@shop.example\nBcc: all@shop.example"}},
            'alerts.email.0: "o***@***: a***@***.example" is not an e-mail address: a name, @ and a domain.',
        ),
        (
            {"alerts": {"webhook": "https://x.example/s3cret"}},
            "alerts.webhook: should be true or false; the URL stands in RECS_ALERT_WEBHOOK.",
        ),
        (
            {"alerts": {"quiet_hours": "20-7"}},
            'alerts.quiet_hours: "20-7" are no hours of a day: write them as "20:00-07:00", with quotes.',
        ),
        (
            {"alerts": {"quiet_hours": "07:00-07:00"}},
            'alerts.quiet_hours: "07:00-07:00" begin when they end; leave `quiet_hours` out to have none.',
        ),
        ({"alerts": {"escalate": {"after": "4h"}}}, "alerts.escalate: names nobody: add a `channel` or an `email`."),
        (
            {"alerts": {"escalate": {"channel": "#on-call", "after": "4 hours"}}},
            'alerts.escalate.after: "4 hours" is not a time such as 30m, 4h or 1d, of at most 30d.',
        ),
        (
            {"alerts": {"escalate": {"channel": "#on-call", "after": 4}}},
            "alerts.escalate.after: should be a time such as 30m, 4h or 1d, but is 4.",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_is_allowed(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert complaint(shop_file(tmp_path, **changes)) == f"shop.yaml: {message}"


# --- keys that are misspelt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sources": {"catalog": {"conector": "files", "path": "catalog.csv"}}},
            'sources.catalog.conector: unknown key. Did you mean "connector"? '
            "Allowed: files, purchases, sql, bigquery, simulated, service, none.",
        ),
        (
            {"sources": {"catalog": {"connector": "files", "pth": "catalog.csv"}}},
            'sources.catalog.pth: unknown key. Did you mean "path"? '
            "Allowed: columns, constants, connector, path, missing_day, delimiter, encoding, decimal, thousands, "
            "dates, timezone, expressions, sheet.",
        ),
        (
            {"sources": {"catalog": {"connector": "sql", "url-env": "SHOP_URL", "query": "SELECT 1"}}},
            'sources.catalog.url-env: unknown key. Did you mean "url_env"? '
            "Allowed: columns, constants, connector, url_env, query, chunk_rows.",
        ),
        (
            {"parameters": {"rejected_tolerence": 0.2, "rejected_warning": 0.1}},
            'parameters.rejected_tolerence: unknown key. Did you mean "rejected_tolerance"?',
        ),
    ],
)
def test_a_misspelt_key_is_one_message(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """What is missing because of it is not told as well."""
    assert complaint(shop_file(tmp_path, **changes)) == f"shop.yaml: {message}"


@pytest.mark.parametrize(
    ("key", "misspelt"),
    [("strategy", "strategey"), ("timezone", "time_zone"), ("parameters", "parametrs"), ("simulation", "simulaton")],
)
def test_a_misspelt_key_of_the_company_is_one_message(tmp_path: Path, key: str, misspelt: str) -> None:
    given = {"parameters": {"active_window_days": 30}, **SHOP}[key]
    path = shop_file(tmp_path, without=key, **{misspelt: given})
    assert complaint(path) == f'shop.yaml: {misspelt}: unknown key. Did you mean "{key}"? Allowed: {ALL_KEYS}.'


def test_tables_do_not_lack_the_sources_that_stand_under_a_misspelt_key(tmp_path: Path) -> None:
    path = shop_file(tmp_path, without="simulation", sourcs=dict.fromkeys(SOURCES, FILES))
    assert complaint(path) == f'shop.yaml: sourcs: unknown key. Did you mean "sources"? Allowed: {ALL_KEYS}.'


def test_a_table_does_not_lack_the_source_that_stands_under_its_misspelt_name(tmp_path: Path) -> None:
    sources = {{"events": "evnts"}.get(table, table): FILES for table in SOURCES}
    assert complaint(shop_file(tmp_path, without="simulation", sources=sources)) == (
        f'shop.yaml: sources.evnts: "evnts" is not a source table of replenishment. Did you mean "events"? '
        f"Allowed: {TABLES}."
    )


def test_what_stands_under_a_misspelt_key_is_judged_as_well(tmp_path: Path) -> None:
    sources = {"catalog": {"conector": "sql", "url_env": "SHOP_URL", "querry": "SELECT 1", "chunk_rows": 5}}
    assert complaint(shop_file(tmp_path, sources=sources)).splitlines()[1:] == [
        "  sources.catalog.chunk_rows: 5 is out of range; allowed: 100 to 1000000.",
        '  sources.catalog.querry: unknown key. Did you mean "query"? '
        "Allowed: columns, constants, connector, url_env, query, chunk_rows.",
        '  sources.catalog.conector: unknown key. Did you mean "connector"? '
        "Allowed: files, purchases, sql, bigquery, simulated, service, none.",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "give it either a table or a query."),
        ({"table": "shop.goods", "query": "SELECT 1"}, "give it either a table or a query."),
        ({"query": "SELECT 1", "day": "d"}, "day: only for a table; a query says which days it reads by @as_of, or by "
         "@first and @last."),
    ],
)  # fmt: skip
def test_bigquery_wants_a_table_or_a_query(tmp_path: Path, source: dict[str, str], message: str) -> None:
    told = complaint(shop_file(tmp_path, sources={"catalog": {"connector": "bigquery", **source}}))
    assert told == f"shop.yaml: sources.catalog: {message}"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("table", "goods", 'should be dataset.table, or project.dataset.table, but is "goods".'),
        ("table", "shop.goods` WHERE true", 'should be dataset.table, or project.dataset.table, but is "shop.goods` '
         'WHERE true".'),
        ("day", "DATE(x)", 'should be the name of a column, but is "DATE(x)".'),
        ("project", "Acme", "should be the id of a Google Cloud project, such as acme-recs."),
    ],
)  # fmt: skip
def test_names_in_bigquery(tmp_path: Path, key: str, value: str, message: str) -> None:
    source = {"connector": "bigquery", "table": "acme-shop.shop.goods", key: value}
    assert complaint(shop_file(tmp_path, sources={"catalog": source})) == f"shop.yaml: sources.catalog.{key}: {message}"


def test_a_value_that_no_key_like_it_can_hold_is_told_once(tmp_path: Path) -> None:
    path = shop_file(tmp_path, sourced=True)
    assert complaint(path) == f'shop.yaml: sourced: unknown key. Did you mean "sources"? Allowed: {ALL_KEYS}.'


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"retrain_weekday": "someday"},
            'parameters.retrain_weekday: "someday" is not allowed here. Did you mean "sunday"? '
            "Allowed: monday, tuesday, wednesday, thursday, friday, saturday, sunday, null.",
        ),
        (
            {"training_window_days": 28},
            "parameters: training_window_days must be at least 29 with label_days at 7.",
        ),
    ],
)
def test_what_offer_ranking_cannot_be_told(tmp_path: Path, parameters: dict[str, Any], message: str) -> None:
    path = shop_file(tmp_path, strategy="offer_ranking", parameters=parameters, sources={})
    assert complaint(path) == f"shop.yaml: {message}"


@pytest.mark.parametrize("key", ["name", "strategy", "start_date"])
def test_required_keys(tmp_path: Path, key: str) -> None:
    assert complaint(shop_file(tmp_path, without=key)) == f"shop.yaml: {key}: is missing; it is required."


@pytest.mark.parametrize(("key", "value"), [("dataset", "shop"), ("timezone", "UTC"), ("currency", "XXX")])
def test_keys_that_are_what_most_are_without_being_said(tmp_path: Path, key: str, value: str) -> None:
    assert getattr(read_company(shop_file(tmp_path, without=key), STRATEGIES), key) == value


def test_a_needed_table_without_a_source_in_a_company_that_is_not_simulated(tmp_path: Path) -> None:
    sources = {table: FILES for table in SOURCES if table != "events"} | {"catalog": {"connector": "simulated"}}
    assert complaint(shop_file(tmp_path, without="simulation", sources=sources)) == (
        "shop.yaml: 2 problems\n"
        "  sources.catalog: is simulated, and there is no world to simulate; add a connector, or a `simulation:` block "
        "to have it simulated.\n"
        "  sources.events: has no source; add a connector, or a `simulation:` block to have it simulated. "
        "replenishment needs events; optional: treatments, deliveries, interactions, customers, catalog, "
        "served_recommendations, recommendation_feedback."
    )


def test_of_two_tables_that_will_do_one_is_enough(tmp_path: Path) -> None:
    sources = dict.fromkeys(("fitment", "catalog", "customers"), FILES)
    given: dict[str, Any] = {"strategy": "vehicle_fitment", "without": "simulation"}
    assert complaint(shop_file(tmp_path, sources=sources, **given)) == (
        "shop.yaml: sources.events: has no source, and neither has order_history; add a connector, or a `simulation:` "
        "block to have it simulated. vehicle_fitment needs fitment, catalog, customers, events or order_history; "
        "optional: treatments, deliveries, interactions, served_recommendations, recommendation_feedback."
    )
    for table in ("events", "order_history"):
        found = shop(tmp_path, sources={**sources, table: FILES}, **given)
        assert set(found.sources) == {*sources, table, *KEPT_BY_THE_SERVICE}


def test_a_company_with_orders_alone(tmp_path: Path) -> None:
    found = shop(tmp_path, without="simulation", sources={"events": FILES})
    assert found.provides("events")
    assert found.not_provided == ("treatments", "deliveries", "interactions", "customers", "catalog")
    assert not any(found.provides(table) for table in found.not_provided)


def test_a_simulated_company_that_lacks_a_table(tmp_path: Path) -> None:
    found = shop(tmp_path, sources={"interactions": {"connector": "none"}})
    assert found.not_provided == ("interactions",)
    assert complaint(shop_file(tmp_path, sources={"events": {"connector": "none"}})).startswith(
        "shop.yaml: sources.events: has no source; add a connector"
    )
    assert complaint(shop_file(tmp_path, sources={"interactions": {"connector": "none", "path": "a.csv"}})) == (
        "shop.yaml: sources.interactions.path: unknown key. Allowed: connector."
    )


def test_which_tables_a_strategy_needs_it_can_be_fed() -> None:
    for strategy in STRATEGIES.values():
        needed = {table for group in strategy.needed for table in group}
        assert needed <= set(strategy.sources)
        assert needed | set(strategy.optional) == set(strategy.sources)


def test_all_problems_of_a_file_come_in_one_message(tmp_path: Path) -> None:
    path = shop_file(
        tmp_path,
        currency="EURO",
        parameters={"active_window_days": 0, "window": 3},
        sources={"catalog": {"connector": "files"}, "event": FILES, "events": {**SQL, "chunk_rows": 0}},
        alert={},
    )
    first, *lines = complaint(path).splitlines()
    assert first == "shop.yaml: 7 problems"
    assert [line.split(":")[0].strip() for line in lines] == [
        "currency",
        "parameters.active_window_days",
        "parameters.window",
        "sources.event",
        "sources.events.chunk_rows",
        "sources.catalog.path",
        "alert",
    ]
