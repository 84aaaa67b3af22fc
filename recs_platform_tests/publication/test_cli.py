"""`recs publish`, `recs publications` and `recs rollback`, as a person and as a program see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.cli import _exit_code
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.settings import settings
from recs_platform.strategies import catalogue
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.cli.terminal import Ended
from recs_platform_tests.cli.width import check_narrow
from recs_platform_tests.publication.garage import DAY, NAME, NEXT, STRATEGY, Garage, Owner, owners

pytestmark = pytest.mark.slow

CHANGED = ("z", "b", "c", "d")


def open_to_commands(garage: Garage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the garage where the CLI looks for companies and pipelines."""
    described = garage.company.model_dump(mode="json", include={"name", "strategy", "dataset", "timezone", "currency"})
    folder = tmp_path / "companies"
    folder.mkdir(exist_ok=True)
    (folder / "garage.yaml").write_text(yaml.safe_dump({**described, "start_date": "2025-09-01", "simulation": {}}))
    monkeypatch.setenv("RECS_COMPANIES_DIR", str(folder))
    monkeypatch.setenv("USER", "ann")
    settings.cache_clear()
    made = catalogue.pipelines()
    monkeypatch.setattr(catalogue, "pipelines", lambda: {**made, STRATEGY: garage.pipeline})


@pytest.fixture
def shop(garage: Garage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Garage:
    """The garage at the terminal, with two days made: the second one loses half."""
    open_to_commands(garage, tmp_path, monkeypatch)
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, owners(5), {f"c{n}": "no vehicle" for n in range(5, 10)})
    garage.make(DAY)
    garage.make(NEXT)
    return garage


def recs(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code, and what was said, without the line breaks of tables and terminals."""
    code = _exit_code(list(arguments))
    said = capsys.readouterr()
    return code, " ".join((said.out + said.err).split())


def recs_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = _exit_code([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_publish_refuse_approve_and_roll_back(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY))
    assert code == 0
    assert "2025-09-10 is the first publication." in said
    assert "Published as version 1: 10 rows for 10 customers as of 2025-09-10, read back and complete." in said

    code, said = recs(capsys, "publish", NAME)
    assert code == 1
    assert "2025-09-11 would replace version 1, of 2025-09-10." in said
    assert "5 lost (5 no vehicle)" in said
    assert "refused 50.00% of live customers are lost; max_customers_lost is 5.00%" in said
    assert "ok 100.00% of customers in common keep all recommendations" in said
    command = said.partition("To approve this comparison, and no other: recs ")[2].split()
    assert command[:5] == ["publish", NAME, "--date", "2025-09-11", "--approve"]

    code, said = recs(capsys, *command)
    assert code == 0
    assert "2025-09-11 replaced version 1, of 2025-09-10." in said
    assert "would" not in said
    assert "Published as version 2" in said

    code, said = recs(capsys, "rollback", NAME, "--to", "1", "--by", "bob")
    assert code == 0
    assert "back to version 1, which is live as version 3: 10 rows for 10 customers as of 2025-09-10" in said

    code, listed = recs_json(capsys, "publications", NAME)
    assert code == 0
    keys = ("version", "as_of", "customers", "status", "kind", "published_by", "approved")
    assert [tuple(row[key] for key in keys) for row in listed] == [
        (3, "2025-09-10", 10, "live", "rollback", "bob", False),
        (2, "2025-09-11", 5, "backup", "publish", "ann", True),
        (1, "2025-09-10", 10, "backup", "publish", "ann", False),
    ]


@pytest.mark.parametrize(
    "line",
    [
        ("publish", NAME),
        ("publications", NAME),
        ("compare", NAME, "--a", str(DAY), "--b", str(NEXT)),
        ("why", NAME, "c1"),
    ],
    ids=lambda line: line[0],
)
def test_no_word_is_broken_at_80_columns(
    shop: Garage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: tuple[str, ...]
) -> None:
    recs(capsys, "publish", NAME, "--date", str(DAY))

    def told(variables: dict[str, str]) -> Ended:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = _exit_code(list(line))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    assert check_narrow(told).told


def test_an_approval_of_something_else_publishes_nothing(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    recs(capsys, "publish", NAME, "--date", str(DAY))
    _, refused = recs_json(capsys, "publish", NAME)
    shop.plan(NEXT, [*owners(4), Owner("c4", CHANGED)])
    shop.make(NEXT)
    code, said = recs(capsys, "publish", NAME, "--approve", refused["comparison_id"])
    assert code == 2
    assert f"{refused['comparison_id']} was approved, but the comparison is" in said
    assert "Nothing was published" in said
    _, listed = recs_json(capsys, "publications", NAME)
    assert [row["version"] for row in listed] == [1]


def test_what_a_program_reads(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    code, first = recs_json(capsys, "publish", NAME, "--date", str(DAY), "--by", "ci")
    assert (code, first["standing"], first["live_version"], first["guardrails"]) == (0, "new", None, [])
    assert (first["published"]["version"], first["published"]["published_by"]) == (1, "ci")
    code, refused = recs_json(capsys, "publish", NAME)
    assert (code, refused["published"], refused["live_version"]) == (1, None, 1)
    assert [g["name"] for g in refused["guardrails"] if not g["passed"]] == ["customers_lost"]
    assert {row["section"] for row in refused["comparison"]} >= {"customers", "lost_because", "average_price"}


def test_publishing_what_is_live_or_older_changes_nothing(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    recs(capsys, "publish", NAME, "--date", str(DAY))
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY))
    assert (code, said) == (0, "garage: the recommendations of 2025-09-10 are live already (version 1, of 2025-09-10).")
    _, refused = recs_json(capsys, "publish", NAME)
    recs(capsys, "publish", NAME, "--approve", refused["comparison_id"])
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY))
    assert code == 1
    assert "2025-09-10 is older than what is live (version 2, of 2025-09-11); nothing is published." in said


def test_mistakes_are_one_sentence(
    shop: Garage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = recs(capsys, "publications", NAME)
    assert (code, said) == (0, "garage has published nothing yet. Next: recs publish garage")
    silent = Pipeline(STRATEGIES["offer_ranking"], [], [])
    monkeypatch.setattr(catalogue, "pipelines", lambda: {STRATEGY: shop.pipeline, "offer_ranking": silent})
    for arguments, words in {
        ("rollback", NAME, "--to", "3"): "garage: version 3 was never live; it can go back to none.",
        ("publish", NAME, "--date", "2025-09-05"): "garage: the recommendations of 2025-09-05 were never made.",
        ("publish", "metro"): "metro publishes nothing: its strategy, offer_ranking, has no published table.",
        ("publications", "nobody"): "nobody",
    }.items():
        code, said = recs(capsys, *arguments)
        assert code == 2
        assert said.startswith("error:")
        assert words in said


def test_a_failed_check_is_told_and_cannot_be_approved(
    garage: Garage, shop: Garage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = Garage(garage.home, check="SELECT customer_id FROM vehicle_recommendations WHERE rec_part_1 = 'a'")
    monkeypatch.setattr(catalogue, "pipelines", lambda: {STRATEGY: strict.pipeline})
    code, refused = recs_json(capsys, "publish", NAME)
    assert code == 1
    assert refused["failed_checks"] == [
        "vehicle_recommendations: no_negative_price: 5 of 5 rows violate the rule (none allowed)"
    ]
    code, said = recs(capsys, "publish", NAME, "--approve", refused["comparison_id"])
    assert code == 1
    assert "Not published: a check failed, and nobody can approve that. Make the day again." in said


def test_the_inventory_is_made_by_whoever_comes_first(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    assert recs(capsys, "publications", NAME)[0] == 0
    database = engine()
    upgrade(database)
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM publications").scalar() == 0


def test_a_name_in_brackets_stands_in_the_list_for_good(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    """What is once in the inventory is told by every later list."""
    assert recs(capsys, "publish", NAME, "--date", str(DAY), "--by", "[/b]")[0] == 0
    _, refused = recs_json(capsys, "publish", NAME)
    assert recs(capsys, "publish", NAME, "--approve", refused["comparison_id"], "--by", "[red]")[0] == 0
    assert recs(capsys, "rollback", NAME, "--to", "1", "--by", "[/x]")[0] == 0
    code, said = recs(capsys, "publications", NAME)
    assert code == 0, said
    assert all(by in said for by in ("[/x]", "[red]", "[/b]"))
    _, listed = recs_json(capsys, "publications", NAME)
    assert [row["published_by"] for row in listed] == ["[/x]", "[red]", "[/b]"]
