"""Company files: the built-in ones, a company's own, and everything that can be wrong in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.loader import read_company
from recs_platform.companies.source_config import FilesSource, ServiceSource, SimulatedSource, SqlSource
from recs_platform.errors import ConfigError
from recs_platform.schemas.sources import KEPT_BY_THE_SERVICE
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import STRATEGIES, company_named, load_companies
from recs_platform_tests.companies.shop import SHOP, shop, shop_file


def complaint(path: Path) -> str:
    """What is said about a file, without the folder that it is in."""
    with pytest.raises(ConfigError) as caught:
        read_company(path, STRATEGIES)
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.replace(f"{path.parent}/", "")


# --- built-in companies ---------------------------------------------------------------------------------------------


def test_the_built_in_companies() -> None:
    found = load_companies()
    seen = {
        name: (c.strategy.name, c.dataset, c.timezone, c.currency, c.simulation and c.simulation.customers)
        for name, c in found.items()
    }
    assert seen == {
        "acme": ("vehicle_fitment", "acme", "America/Chicago", "USD", 600),
        "concord": ("replenishment", "concord", "America/New_York", "USD", 429),
        "holley": ("vehicle_fitment", "company_1950", "America/Chicago", "USD", 4000),
        "metro": ("offer_ranking", "metro", "Europe/Berlin", "EUR", 1000),
    }
    assert {c.start_date for c in found.values()} == {date(2025, 9, 1)}
    assert {c.strategy.name for c in found.values()} == set(STRATEGIES) - {"measurement"}


def test_holleys_event_names_keep_their_order_so_that_the_preferred_feed_is_first() -> None:
    names = company_named("holley").event_names
    assert [raw for raw, name in names.items() if name == "order_line"] == ["Ordered Product", "Consumer Website Order"]
    assert names["Placed Order"] == "order_placed"


def test_every_table_of_the_strategy_has_a_source() -> None:
    metro = company_named("metro")
    assert set(metro.sources) == set(metro.tables) >= {"events", "impressions", "offers"}
    kept = {name for name, source in metro.sources.items() if isinstance(source, ServiceSource)}
    assert kept == {"served_recommendations", "recommendation_feedback"}
    assert all(isinstance(metro.sources[name], SimulatedSource) for name in metro.sources.keys() - kept)


def test_a_company_may_bring_its_own_feedback_or_none(tmp_path: Path) -> None:
    said = {
        "served_recommendations": {"connector": "none"},
        "recommendation_feedback": {"connector": "files", "path": "reactions.csv"},
    }
    found = shop(tmp_path, sources=said)
    assert not found.provides("served_recommendations")
    assert isinstance(found.sources["recommendation_feedback"], FilesSource)


@pytest.mark.parametrize(
    ("table", "connector", "why"),
    [
        ("catalog", "service", "sources.catalog.connector: service is only for served_recommendations and"),
        ("recommendation_feedback", "simulated", "recommendation_feedback.connector: is not part of a simulated world"),
    ],
)
def test_what_the_service_keeps_is_kept_by_the_service_alone(
    tmp_path: Path, table: str, connector: str, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        shop(tmp_path, sources={table: {"connector": connector}})
    assert why in str(caught.value)


def test_parameters_are_the_strategys_own() -> None:
    assert type(company_named("holley").parameters) is STRATEGIES["vehicle_fitment"].parameters


def test_an_unknown_company_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        company_named("holly")
    assert str(caught.value) == 'no company "holly". Did you mean "holley"? Known: acme, concord, holley, metro.'


# --- a folder of one's own ------------------------------------------------------------------------------------------


def test_companies_of_the_folder_join_the_built_in_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_file(tmp_path)
    (tmp_path / "notes.txt").write_text("not a company")
    assert list(load_companies(tmp_path)) == ["acme", "concord", "holley", "metro", "shop"]
    monkeypatch.setenv("RECS_COMPANIES_DIR", str(tmp_path))
    settings.cache_clear()
    assert company_named("shop").currency == "EUR"


def test_a_file_with_a_built_ins_name_replaces_it(tmp_path: Path) -> None:
    shop_file(tmp_path, "ours.yaml", name="holley", dataset="company_1950")
    found = load_companies(tmp_path)
    assert list(found) == ["acme", "concord", "holley", "metro"]
    assert found["holley"].strategy.name == "replenishment"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nowhere: there is no such folder of company files\. Set RECS_COMPANIES_DIR"
    ):
        load_companies(tmp_path / "nowhere")


def broken(folder: Path) -> dict[str, str]:
    """The companies whose files are wrong, and what is said about them."""
    return {company.name: company.problems for company in load_companies(folder).broken}


BUILT_IN = ["acme", "concord", "holley", "metro"]


def test_a_broken_file_is_its_own_companys_trouble_only(tmp_path: Path) -> None:
    shop_file(tmp_path)
    path = shop_file(tmp_path, "other.yaml", name="other", dataset="other", currency="DOLLAR", curency="x")
    assert list(load_companies(tmp_path)) == [*BUILT_IN, "shop"]
    assert list(broken(tmp_path)) == ["other"]
    assert broken(tmp_path)["other"].splitlines()[0] == f"{path}: 2 problems"
    assert company_named("shop", tmp_path).name == "shop"
    with pytest.raises(ConfigError) as caught:
        company_named("other", tmp_path)
    assert str(caught.value) == broken(tmp_path)["other"]


def test_an_unknown_company_is_answered_with_the_broken_ones_as_well(tmp_path: Path) -> None:
    shop_file(tmp_path, currency="EURO")
    with pytest.raises(ConfigError) as caught:
        company_named("shopp", tmp_path)
    assert str(caught.value) == (
        'no company "shopp". Did you mean "shop"? Known: acme, concord, holley, metro. '
        "Not loaded, because their files are wrong: shop."
    )


@pytest.mark.parametrize(
    ("text", "name", "strategy", "start"),
    [
        ("name: northwind  # ours\nstrategy: 'replenishment'\nstart_date: 2025-09-01\nparameters: [1\n",
         "northwind", "replenishment", date(2025, 9, 1)),
        ("name: northwind\nstrategy: replenishments\nstart_date: 2025-02-30\n",
         "northwind", "replenishments", None),
        ("alerts:\n  name: someone\n", "ours", None, None),
        ("", "ours", None, None),
    ],
)  # fmt: skip
def test_whose_a_broken_file_is(tmp_path: Path, text: str, name: str, strategy: str | None, start: date | None) -> None:
    """By what it says, if that can be read at all, or by what it is called."""
    (tmp_path / "ours.yaml").write_text(text)
    (found,) = load_companies(tmp_path).broken
    assert (found.name, found.strategy, found.start_date) == (name, strategy, start)


def test_a_built_in_company_never_stands_in_for_a_broken_file(tmp_path: Path) -> None:
    """It would fill the tables of the real one with simulated rows."""
    (tmp_path / "ours.yaml").write_text("name: holley\nstrategy: [\n")
    assert list(load_companies(tmp_path)) == ["acme", "concord", "metro"]
    assert list(broken(tmp_path)) == ["holley"]


def test_a_dataset_of_a_built_in_company_names_both_files(tmp_path: Path) -> None:
    shop_file(tmp_path, dataset="metro")
    message = broken(tmp_path)["shop"]
    assert message.startswith(f'{tmp_path}/shop.yaml: dataset: "metro" is already the dataset of ')
    assert message.endswith("builtin/metro.yaml; choose another.")
    assert list(load_companies(tmp_path)) == BUILT_IN


def test_of_two_companies_with_one_dataset_neither_runs(tmp_path: Path) -> None:
    shop_file(tmp_path)
    shop_file(tmp_path, "another.yaml", name="another", dataset="shop")
    assert list(load_companies(tmp_path)) == BUILT_IN
    assert broken(tmp_path) == {
        name: f'{tmp_path}/{name}.yaml: dataset: "shop" is already the dataset of {tmp_path}/{other}.yaml; '
        "choose another."
        for name, other in (("another", "shop"), ("shop", "another"))
    }


def test_of_two_files_with_one_name_neither_runs(tmp_path: Path) -> None:
    shop_file(tmp_path)
    shop_file(tmp_path, "shop2.yaml", dataset="shop2")
    assert list(load_companies(tmp_path)) == BUILT_IN
    expected = f'{tmp_path}/shop2.yaml: name: "shop" is already the name of the company in {tmp_path}/shop.yaml.'
    assert broken(tmp_path) == {"shop": expected}


def test_a_broken_file_claims_its_name_as_well(tmp_path: Path) -> None:
    shop_file(tmp_path)
    shop_file(tmp_path, "shop2.yaml", currency="EURO")
    assert list(load_companies(tmp_path)) == BUILT_IN
    assert [line.partition(" ")[2].split(":")[0] for line in broken(tmp_path)["shop"].splitlines()] == [
        "currency",
        "name",
    ]


def test_the_problems_of_several_files_come_together(tmp_path: Path) -> None:
    shop_file(tmp_path, currency="EURO")
    shop_file(tmp_path, "other.yaml", name="other", currency="DOLLAR")
    assert list(broken(tmp_path)) == ["other", "shop"]


# --- YAML ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nname: b\n", 'shop.yaml:2:1: not valid YAML: the key "name" is there twice, first in line 1.'),
        (
            "a:\n  b: 1\n  c: 1\n  b: 2\n",
            'shop.yaml:4:3: not valid YAML: the key "b" is there twice, first in line 2.',
        ),
        ("a: [1\nb: 2\n", "shop.yaml:2:2: not valid YAML: expected ',' or ']', but got ':'."),
        (
            "a: 1\n\tb: 2\n",
            "shop.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token.",
        ),
        ("No: order_line\n", "shop.yaml:1:1: not valid YAML: the key False is not text; quote it."),
        ("", "shop.yaml: should be keys and values, such as `name: holley`, but is something else."),
        ("- a\n", "shop.yaml: should be keys and values, such as `name: holley`, but is something else."),
    ],
)
def test_what_is_not_yaml_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    assert complaint(path) == message


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes("name: Müller".encode("latin-1"))
    assert complaint(path) == "shop.yaml: not valid YAML: it has a character that is not text in UTF-8."


# --- keys and values --------------------------------------------------------------------------------------------------

FILES = {"connector": "files", "path": "catalog.csv"}
SQL = {"connector": "sql", "url_env": "SHOP_URL", "query": "SELECT 1"}
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


def test_a_connected_company(tmp_path: Path) -> None:
    sources = {
        "events": {**FILES, "path": "events/{date}.csv"},
        "catalog": {**FILES, "path": "/data/c.csv"},
        "customers": SQL,
    }
    found = shop(tmp_path, sources=sources).sources
    assert found["events"] == FilesSource(connector="files", path=f"{tmp_path}/events/{{date}}.csv")
    assert found["catalog"] == FilesSource(connector="files", path="/data/c.csv")
    assert found["customers"] == SqlSource(connector="sql", url_env="SHOP_URL", query="SELECT 1", chunk_rows=50_000)
    assert isinstance(found["treatments"], SimulatedSource)


# --- queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;",
        "select * from t",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT 'DELETE; it''s ok', \"update\", updated_at FROM t WHERE at::date = :as_of",
        r"SELECT '12:30', 'a\:b' FROM t",
    ],
)
def test_queries_that_read_are_accepted(tmp_path: Path, query: str) -> None:
    source = shop(tmp_path, sources={"catalog": {**SQL, "query": query}}).sources["catalog"]
    assert isinstance(source, SqlSource)
    assert source.dated == (":as_of" in query)


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("", "must be one query that starts with SELECT or WITH."),
        ("DELETE FROM t", "must be one query that starts with SELECT or WITH."),
        ("CALL clean()", "must be one query that starts with SELECT or WITH."),
        ("SELECT 1; SELECT 2", "must be one query; take out the `;`."),
        (
            "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
            "must only read, but has DELETE (quote it if it is a column's name).",
        ),
        ("SELECT * INTO copy FROM t", "must only read, but has INTO (quote it if it is a column's name)."),
        (
            "SELECT * FROM t WHERE day = :asof",
            r"unknown value :asof. Allowed: :as_of (write \: for a colon).",
        ),
        ("SELECT 'open", "has a quote or a comment that is never closed."),
        *(
            (query, "has a comment; write it beside the query, as a comment of YAML.")
            for query in (
                "-- the newest first\nSELECT * FROM t",
                "SELECT * FROM t /* insert */",
                "SELECT /*+ hint */ * FROM t",
                "SELECT 1; -- 2",
                "/* SELECT 1 */",
                "/* /* */ DELETE FROM t -- */ SELECT 1",
            )
        ),
    ],
)
def test_other_queries_are_not(tmp_path: Path, query: str, rule: str) -> None:
    path = shop_file(tmp_path, sources={"catalog": {**SQL, "query": query}})
    assert complaint(path) == f"shop.yaml: sources.catalog.query: {rule}"


def test_a_database_url_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    message = complaint(shop_file(tmp_path, sources={"catalog": {**SQL, "url_env": "postgresql://u:s3cret@host/db"}}))
    assert message == (
        "shop.yaml: sources.catalog.url_env: must be the NAME of an environment variable that holds the database URL, "
        "such as HOLLEY_DATABASE_URL."
    )


def test_an_email_in_a_wrong_place_is_masked(tmp_path: Path) -> None:
    message = complaint(shop_file(tmp_path, alerts={"channel": "jane.doe@shop.example"}))
    assert "jane" not in message
    assert "j***@***.example" in message


def test_a_slack_channel_by_its_former_name(tmp_path: Path) -> None:
    path = shop_file(tmp_path, alerts={"slack_channel": "#recs-shop", "email": "ops@shop.example"})
    found = read_company(path, STRATEGIES).alerts
    assert (found.channel, found.email) == ("#recs-shop", ("ops@shop.example",))
    message = complaint(shop_file(tmp_path, alerts={"slack_channel": "#a", "channel": "#b"}))
    assert message.startswith("shop.yaml: alerts.slack_channel: unknown key.")
