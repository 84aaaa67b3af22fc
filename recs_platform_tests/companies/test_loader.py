"""Company files: the built-in ones, those of a folder, and files that nobody can read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recs_platform.companies.source_config import FilesSource, ServiceSource, SimulatedSource
from recs_platform.errors import ConfigError
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import STRATEGIES, company_named, load_companies
from recs_platform_tests.companies.shop import complaint, shop, shop_file

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
