"""An installed wheel has everything that a checkout reads, and tells type checkers that it is typed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_holds_queries_companies_and_the_mark_of_types(tmp_path: Path) -> None:
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", *build, str(ROOT)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "recs_platform").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    examples = {
        f"recs_platform/{path.relative_to(ROOT)}"
        for path in (ROOT / "examples").rglob("*")
        if path.suffix in (".py", ".yaml")
    }
    queries = {f"recs_platform/{path.relative_to(ROOT)}" for path in (ROOT / "sql").rglob("*.sql")}
    shipped = {"recs_platform/dagster.yaml", "recs_platform/workspace.yaml"}
    assert "recs_platform/examples/completejourney.py" in examples
    assert "recs_platform/py.typed" in package
    assert "recs_platform/companies/builtin/acme.yaml" in package
    assert (package | queries | examples | shipped) - held == set()
    assert {name for name in held if not name.startswith(("recs_platform/", "recs_platform-"))} == set()
