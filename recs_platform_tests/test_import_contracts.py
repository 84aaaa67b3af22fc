"""The import contracts of `make check`, each seen to fail: on a copy of the package into which somebody puts an import
that points the wrong way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_LINTER = Path(sys.executable).parent / "lint-imports"

UPWARDS = ("schemas/sources.py", "from recs_platform.companies.model import Company")
INTO_A_CIRCLE = ("masking.py", "from recs_platform.settings import settings")
INSIDE_A_PACKAGE = ("companies/problems.py", "from recs_platform.companies.model import Company")
DAGSTER = ("pipeline/pipeline.py", "import dagster as dg")
LAZILY = ("publication/stage.py", "def _late() -> None:\n    import dagster")
ASSEMBLY = ("cli/why.py", "from recs_platform.assembly.wiring import PipelineWiring")
ENGINE = ("sources/check.py", "import duckdb")
DELTA = ("automation/overview.py", "def _late() -> None:\n    from deltalake import DeltaTable")
LAKE = ("publication/verify.py", "from recs_platform.warehouse.lake.lake import Lake")
LAKE_INSIDE = ("warehouse/audit.py", "from recs_platform.warehouse.lake.staged import StagedView")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(_ROOT / "recs_platform", folder / "recs_platform", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "pyproject.toml", folder)
    return folder


def test_they_hold(package: Path) -> None:
    code, told = _lint(package)
    assert code == 0, told
    assert "0 broken" in told


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (UPWARDS, "Layers: dependencies point downwards, and nothing goes in a circle"),
        (INTO_A_CIRCLE, "Layers: dependencies point downwards, and nothing goes in a circle"),
        (INSIDE_A_PACKAGE, "No circles inside a package either"),
        (DAGSTER, "Dagster is told what there is by the assembly; automation runs it"),
        (LAZILY, "Dagster is told what there is by the assembly; automation runs it"),
        (ASSEMBLY, "Nothing imports the assembly but the definitions that it makes up"),
        (ENGINE, "DuckDB and Delta are imported by the lake alone"),
        (DELTA, "DuckDB and Delta are imported by the lake alone"),
        (LAKE, "Nothing knows an engine but the environment that picks it"),
        (LAKE_INSIDE, "In the warehouse, engines stand on what they have in common"),
    ],
    ids=[
        *("upwards", "circle", "circle-inside", "dagster", "dagster-lazily", "assembly"),
        *("duckdb", "delta-lazily", "lake", "lake-inside"),
    ],
)
def test_an_import_the_wrong_way_is_refused(package: Path, change: tuple[str, str], broken: str) -> None:
    path = package / "recs_platform" / change[0]
    before = path.read_text()
    path.write_text(f"{before}\n{change[1]}\n")
    try:
        code, told = _lint(package)
    finally:
        path.write_text(before)
    assert code == 1
    assert f"{broken} BROKEN" in told


def test_a_new_package_must_find_its_layer(package: Path) -> None:
    homeless = package / "recs_platform" / "homeless"
    homeless.mkdir()
    (homeless / "__init__.py").touch()
    try:
        code, told = _lint(package)
    finally:
        shutil.rmtree(homeless)
    assert code == 1
    assert "recs_platform.homeless" in told


def _lint(package: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [_LINTER, "--no-logo", "--no-cache"],
        cwd=package,
        env={"PYTHONPATH": str(package), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr
