"""schemathesis asks a real service of real publications whatever the OpenAPI description allows, and much that it does
not: no answer is a defect, each has a form that the description says, and no wrong key opens anything.

SCHEMATHESIS_EXAMPLES says how many requests are drawn for each route.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.conftest import new_database
from recs_platform_tests.serving.models.worlds import house, version
from recs_platform_tests.serving.running import serve
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.stores.keeper import BIN

pytestmark = pytest.mark.slow
_EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "15")
_DAYS = {"acme": "2025-09-02", "metro": "2025-09-02", "concord": "2025-09-07"}
_COMPANIES = tuple(_DAYS)
# Half of the ids are of customers that there are, so that more is answered than "not found". What no description can
# say: the model's features, and which times are not too long ago and not to come.
_CONFIG = """
[dictionaries.customers]
values = {customers}

[dictionaries.companies]
values = {companies}

[parameters]
"path.customer_id" = {{dictionary = "customers", probability = 0.5}}
"path.company" = {{dictionary = "companies", probability = 0.7}}
"query.company" = {{dictionary = "companies", probability = 0.7}}

[[operations]]
include-path = ["/score", "/recommend", "/feedback"{and_weekly}]
checks.positive_data_acceptance.expected-statuses = [200, 202, 401, 403, 404, 422, 503]
"""


@pytest.fixture(scope="module")
@takes_seconds
def world(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Terminal:
    """A published day of each strategy, and an active model."""
    folder = tmp_path_factory.mktemp("described")
    small_companies(folder)
    # Its week begins on a Sunday; a day before it is enough.
    concord = folder / "companies" / "concord.yaml"
    concord.write_text(concord.read_text().replace("2025-09-01", "2025-09-06"))
    (folder / ".recs").mkdir()
    shutil.copy(migrated_file, folder / ".recs" / "platform.db")
    terminal = Terminal(folder)
    for company, day in _DAYS.items():
        ended = terminal.recs("run", company, "--date", day)
        assert ended.code == 0, ended.told
    with terminal.inside():
        house(opened_database(), folder).keep(version(1))
    return terminal


def copied(world: Terminal, folder: Path, **variables: str) -> Terminal:
    shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    return Terminal(folder, variables)


def lists_to(world: Terminal, to: Engine) -> None:
    """What is live there, on another engine."""
    with world.inside():
        here, there = DatabaseStore(opened_database()), DatabaseStore(to)
        for company in _COMPANIES:
            served = here.served(company, RECOMMENDATIONS)
            assert served is not None
            with here.lists(served) as chunks:
                there.swap(there.load(served.draft, chunks))


def check(terminal: Terminal, company: str | None) -> None:
    """The whole description, by a company's key; without any, on this machine."""
    key = terminal.recs("keys", "new", company, "--json").json["key"] if company else ""
    shown = ["-H", f"Authorization: Bearer {key}"] if key else []
    config = terminal.folder / "schemathesis.toml"
    # Without any key the service is open to this machine, whatever it says of keys, and has to be told the company.
    open_to_all = () if key else ("--exclude-checks", "ignored_auth")
    and_weekly = "" if key else ', "/weekly-recommendations/{customer_id}"'
    customers = json.dumps(["C0000001", "C0000002", "c/1", "Zoë", "nobody"], ensure_ascii=False)
    companies = json.dumps([company] if company else _COMPANIES)
    config.write_text(_CONFIG.format(customers=customers, companies=companies, and_weekly=and_weekly))
    with serve(terminal) as running:
        command = [BIN / "schemathesis", "--config-file", config, "run", f"{running.url}/openapi.json", *shown]
        options = ["--max-examples", _EXAMPLES, "--generation-deterministic", "--checks", "all", "--no-color"]
        ended = subprocess.run(
            [*command, *options, *open_to_all],
            cwd=terminal.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-8_000:] + ended.stderr[-2_000:]
        assert " passed" in ended.stdout
        assert running.end() == 0
    assert not any('"a defect"' in line for line in running.lines)
    answered = {line["route"] for line in map(json.loads, running.lines) if line.get("status") == 200}
    assert "/recommendations/{company}/{customer_id}" in answered, "lists of real customers were asked for"
    assert company != "metro" or "/score" in answered
    assert company != "concord" or "/weekly-recommendations/{customer_id}" in answered


@pytest.mark.parametrize("company", [*_COMPANIES, None])
def test_what_is_described_is_what_is_answered(world: Terminal, company: str | None, tmp_path: Path) -> None:
    check(copied(world, tmp_path), company)


def test_so_it_is_on_postgres(world: Terminal, postgres_url: str, migrated_template: str, tmp_path: Path) -> None:
    with new_database(tmp_path, postgres_url, migrated_template) as url:
        to = engine(url)
        lists_to(world, to)
        to.dispose()
        check(copied(world, tmp_path, RECS_DATABASE_URL=url), "acme")
