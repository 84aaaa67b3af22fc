"""`recs bench`: what it lists, prints and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recs_platform.bench.registry import BENCHMARKS, Benchmark, Options
from recs_platform.cli import main
from recs_platform_tests.cli.terminal import Ended


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BENCHMARKS, "toy", Benchmark("Two parts.", "recs_platform_tests.bench.toy:parts"))
    monkeypatch.setitem(BENCHMARKS, "lone", Benchmark("One part.", "recs_platform_tests.bench.toy:one_part"))


def recs(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert recs(*arguments, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


FIELDS = {"name", "sizes", "seconds", "steps", "rows_per_second", "baseline", "ratio", "peak_mb", "aim"}
FIELDS |= {"cpu_seconds", "cpu_steps"}


def test_one_part_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "bench", "lone", "--repeat", "1")
    assert set(found) == FIELDS
    assert found.pop("peak_mb") > 1
    assert found["baseline"].pop("peak_mb") > 1
    assert found == {
        "name": "lone",
        "sizes": {"rows": 1_000},
        "seconds": 4.0,
        "cpu_seconds": 2.0,
        "steps": {"most": 3.0, "rest": 1.0},
        "cpu_steps": {"most": 1.5},
        "rows_per_second": 250,
        "baseline": {"name": "by hand", "seconds": 2.0, "cpu_seconds": 1.0, "steps": {"most": 1.5, "rest": 0.5}},
        "ratio": 0.5,
        "aim": {"what": "ratio at least 0.40", "met": True},
    }


def test_several_parts_are_their_sum_and_each_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "bench", "toy", "--repeat", "1")
    assert set(found) == FIELDS - {"cpu_steps"} | {"parts"}
    assert found["seconds"] == 5.0
    assert found["cpu_seconds"] == 2.5
    assert found["steps"] == {"slow": 4.0, "quick": 1.0}
    assert found["sizes"] == {"slow_rows": 1_000, "quick_rows": 1_000}
    assert found["rows_per_second"] == 400
    assert found["baseline"]["seconds"] == 4.0
    assert found["ratio"] == 0.8
    assert found["aim"]["met"] is False
    assert found["peak_mb"] == max(part["peak_mb"] for part in found["parts"])
    assert [(p["name"], p["ratio"], p["aim"]["met"]) for p in found["parts"]] == [
        ("slow", 0.5, True),
        ("quick", 2.0, False),
    ]
    assert all(set(part) == FIELDS for part in found["parts"])


def test_a_part_can_be_measured_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "bench", "toy", "--part", "quick", "--repeat", "1")
    assert (found["name"], found["seconds"]) == ("toy", 1.0)
    assert "parts" not in found


def test_people_see_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert recs("bench", "toy", "--repeat", "1") == 0
    shown = capsys.readouterr().out
    titles, *rows = Ended(0, shown, "").rows
    ratios = {row[0]: row[titles.index("ratio")] for row in rows}
    assert set(ratios) == {"slow", "quick", "most", "rest"}
    cpu = [(row[0], row[titles.index("CPU s")]) for row in rows]
    assert cpu == [("slow", "2.00"), ("most", "1.50"), ("rest", ""), ("quick", "0.50"), ("most", "0.38"), ("rest", "")]
    assert ratios["slow"] == "0.50"
    assert ratios["quick"] == "2.00"
    assert "met" in shown
    assert "missed" in shown
    assert "by hand" in shown


@pytest.mark.parametrize("arguments", [["bench", "nothing"], ["bench", "toy", "--part", "nothing"]])
def test_an_unknown_name_is_refused_with_the_list(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert recs(*arguments) == 2
    said = capsys.readouterr().err
    known = ["slow", "quick"] if "--part" in arguments else list(BENCHMARKS)
    assert all(name in said for name in ["nothing", *known])


def test_without_a_name_the_benchmarks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert recs("bench") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in BENCHMARKS)


def test_every_benchmark_is_there(tmp_path: Path) -> None:
    for benchmark in BENCHMARKS.values():
        names = [part.name for part in benchmark.parts(Options(tmp_path))]
        assert names
        assert len(names) == len(set(names))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "light_of"),
    [
        (["--help"], ["dagster", "pandera", "pandas", "duckdb"]),
        (["bench"], ["dagster", "pandera", "pandas", "duckdb"]),
        (["companies", "list"], ["dagster", "deltalake", "sqlalchemy"]),
    ],
)
def test_a_quick_command_loads_nothing_heavy(arguments: list[str], light_of: list[str]) -> None:
    code = (
        "import sys\nfrom recs_platform.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        f"print('loaded', sorted(set({light_of!r}) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "loaded []"
