"""Days of offer ranking where tables, models and pictures lie in a bucket, and each process may be on another machine:
what one has trained another one scores with, and a model that is not whole scores nobody.

Not here: a push that is killed on its way (model_registry/test_artifact_store.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from recs_platform.file_store.bucket import Bucket
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.scoring import UnusableModelError
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.strategies.offer_ranking.market import candidates, impressions, score, train

pytestmark = pytest.mark.slow
DAY = date(2025, 9, 3)
"""Near the start of the companies, and no Monday, on which a run would train its own."""


@pytest.fixture
def machine(store: Store, tmp_path: Path) -> Terminal:
    small_companies(tmp_path)
    root = store.new_folder()
    return Terminal(tmp_path, {"RECS_LAKE_URL": f"{root}/lake", "RECS_FILES_URL": f"{root}/files"})


@pytest.fixture
def trained(machine: Terminal) -> Registered:
    """By the strategy's own training."""
    with machine.inside():
        shelf = open_shelf("metro", run_id="0123456789abcdef")
        assert train(shelf, impressions(day=DAY), day=DAY)[0]["outcome"] == "activated"
        serving = shelf.active(TASK.model)
        shelf.database.dispose()
    assert serving is not None
    assert not (machine.folder / ".recs" / "models").exists()
    return serving


def files(machine: Terminal) -> Bucket:
    return Bucket(machine.variables["RECS_FILES_URL"], "RECS_FILES_URL")


def names_of_blobs(machine: Terminal) -> list[str]:
    """The model's manifest and files, and that of the artifact; not the empty configuration that each artifact has."""
    blobs = files(machine).listed("artifacts/metro-offer_ranking/blobs")
    return [name for name, file in blobs.items() if file.size > 2]


def on_another_machine(machine: Terminal) -> None:
    """What was copied here is gone."""
    shutil.rmtree(machine.folder / ".recs" / "scratch", ignore_errors=True)


def scored_by(machine: Terminal) -> set[str]:
    with machine.inside():
        company = company_named("metro")
        with open_warehouse().read(pipeline_of(company).ref("offer_scores", company), Days.one(DAY)) as reader:
            return set(reader.read_all()["scored_by"].to_pylist())


def test_a_day_is_scored_by_what_another_process_trained(machine: Terminal, trained: Registered) -> None:
    on_another_machine(machine)
    running = machine.start("run", "metro", "--date", str(DAY), "--only")
    told, _ = running.communicate(timeout=300)
    assert running.returncode == 0, told
    assert scored_by(machine) == {trained.digest}
    assert any(name.endswith(".svg") for name in files(machine).listed(f"reports/metro/{DAY}"))
    listed = machine.recs("models", "metro", "--json").json
    assert [(version["version"], version["status"]) for version in listed["versions"]] == [(1, "active")]

    model = next(name for name in names_of_blobs(machine) if b"leaf_value" in files(machine).read(name))
    files(machine).write(model, files(machine).read(model)[:-100])
    on_another_machine(machine)
    again = machine.recs("run", "metro", "--date", str(DAY), "--only")
    assert again.code == 2
    assert f"metro: version 1 of offer_ranking, which serves {DAY}, cannot be used: " in again.told
    assert scored_by(machine) == {trained.digest}, "what was scored stays"


DAMAGES: dict[str, Callable[[Bucket, str], None]] = {
    "cut": lambda bucket, name: bucket.write(name, bucket.read(name)[:-9]),
    "gone": lambda bucket, name: bucket.remove([name]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_model_that_is_not_whole_scores_nobody_until_it_is_trained_again(
    machine: Terminal, trained: Registered, damage: str
) -> None:
    names = names_of_blobs(machine)
    assert len(names) == 6
    for name in names:
        DAMAGES[damage](files(machine), name)
        on_another_machine(machine)
        with machine.inside():
            shelf = open_shelf("metro", run_id="fedcba9876543210")
            with pytest.raises(
                UnusableModelError,
                match=rf"^metro: version 1 of offer_ranking, which serves {DAY}, cannot be used: .*recs models metro",
            ):
                score(shelf, candidates(day=DAY), DAY)
            train(shelf, impressions(day=DAY), day=DAY)
            assert shelf.active(TASK.model) == trained
            assert set(score(shelf, candidates(day=DAY), DAY)["scored_by"].to_pylist()) == {trained.digest}
            shelf.database.dispose()
