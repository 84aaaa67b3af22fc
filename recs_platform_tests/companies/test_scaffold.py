"""What is derived from the model: a new company's file, and the docs' table of parameters."""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml

from recs_platform.companies.alert_settings import Alerts, Escalation
from recs_platform.companies.loader import read_company
from recs_platform.companies.model import Company, Simulation
from recs_platform.companies.scaffold import needs_markdown, new_company_yaml, parameters_markdown
from recs_platform.companies.source_config import BigQuerySource, FilesSource, ServiceSource, SimulatedSource, SqlSource
from recs_platform.declarations.parameters import Parameters
from recs_platform.errors import ConfigError
from recs_platform.strategies.catalogue import STRATEGIES, load_companies
from recs_platform_tests.companies.shop import SHOP

PAGE = (Path(__file__).parents[2] / "docs" / "companies.md").read_text()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_new_file_loads_as_it_is_and_is_simulated(tmp_path: Path, strategy: str) -> None:
    (tmp_path / "new.yaml").write_text(new_company_yaml("my_shop", strategy, STRATEGIES))
    found = load_companies(tmp_path)["my_shop"]
    assert (found.strategy.name, found.dataset, found.simulation) == (
        strategy,
        "my_shop",
        Simulation(seed=1, customers=1000),
    )
    assert found.parameters == STRATEGIES[strategy].parameters()
    assert all(isinstance(source, SimulatedSource | ServiceSource) for source in found.sources.values())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_comments_are_true(tmp_path: Path, strategy: str) -> None:
    """With every indented `#` taken out, the parameters have their defaults and the sources load."""
    written = new_company_yaml("my_shop", strategy, STRATEGIES)
    path = tmp_path / "new.yaml"
    uncommented = re.sub(r"^  # (\s*[\w]+:)", r"  \1", written, flags=re.MULTILINE)
    uncommented = re.sub(r"^  #   (  (?:SELECT|FROM|WHERE))", r"    \1", uncommented, flags=re.MULTILINE)
    uncommented = re.sub(
        r"^# (serving:|alerts:|  (?:enabled|log_answers|channel|email|quiet_hours|escalate):|    (?:channel|after):)",
        r"\1",
        uncommented,
        flags=re.MULTILINE,
    )
    path.write_text(uncommented)
    found = read_company(path, STRATEGIES)
    shown = yaml.safe_load(uncommented)["parameters"]
    assert set(shown) == set(STRATEGIES[strategy].parameters.model_fields)
    assert found.parameters == STRATEGIES[strategy].parameters()
    one_file = "catalog" if "catalog" in found.tables else "treatments"
    assert isinstance(found.sources[one_file], FilesSource)
    assert isinstance(found.sources["events"], FilesSource)
    assert isinstance(found.sources["customers"], SqlSource)
    assert found.sources["customers"].dated
    assert found.serving.enabled
    assert found.serving.log_answers
    assert found.alerts == Alerts(
        channel="#recs-my-shop",
        email=("ops@example.com",),
        quiet_hours=(time(20), time(7)),
        escalate=Escalation(channel="#on-call", after=timedelta(hours=4)),
    )


def test_names_are_checked_before_anything_is_written() -> None:
    with pytest.raises(ConfigError, match='"My Shop" is not an identifier'):
        new_company_yaml("My Shop", "replenishment", STRATEGIES)
    with pytest.raises(ConfigError, match=r'"replenish" is not a strategy\. Did you mean "replenishment"\?'):
        new_company_yaml("shop", "replenish", STRATEGIES)


def test_the_docs_table_of_parameters_is_the_models() -> None:
    begin, end = "<!-- parameters: begin -->\n", "\n<!-- parameters: end -->"
    assert PAGE.partition(begin)[2].partition(end)[0] == parameters_markdown(STRATEGIES)


def test_the_docs_table_of_what_strategies_need_is_that_of_their_records() -> None:
    begin, end = "<!-- needs: begin -->\n", "\n<!-- needs: end -->"
    assert PAGE.partition(begin)[2].partition(end)[0] == needs_markdown(STRATEGIES)
    rows = {
        table: cells.split(" | ")
        for table, cells in re.findall(r"^\| `(\w+)` \| (.+) \|$", needs_markdown(STRATEGIES), re.M)
    }
    assert rows["events"] == ["needed or `order_history`", "optional", "needed", "needed"]
    assert rows["fitment"] == ["needed", "-", "-", "-"]


def test_every_parameter_is_described_once() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", parameters_markdown(STRATEGIES), re.MULTILINE)
    declared = [*Parameters.model_fields]
    for strategy in STRATEGIES.values():
        declared += [name for name in strategy.parameters.model_fields if name not in Parameters.model_fields]
    assert [name for name, *_ in listed] == declared
    assert all(meaning != "None" for *_, meaning in listed)
    assert ("intent_window_days", "93", "1 to 730") in [row[:3] for row in listed]


def test_the_docs_list_every_key_and_which_are_required() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \|", PAGE, re.MULTILINE)
    declared = [(key, "yes" if field.is_required() else "no") for key, field in Company.model_fields.items()]
    assert rows == declared


def test_the_examples_of_the_docs_load(tmp_path: Path) -> None:
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    tables: dict[str, set[type]] = {}
    for example in examples:
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump({**SHOP, "sources": example["sources"]}))
        loaded = read_company(tmp_path / "shop.yaml", STRATEGIES).sources
        for table in example["sources"]:
            tables.setdefault(table, set()).add(type(loaded[table]))
    assert set(tables) == {"catalog", "events", "customers", "treatments"}
    assert tables["customers"] >= {SqlSource, BigQuerySource}
