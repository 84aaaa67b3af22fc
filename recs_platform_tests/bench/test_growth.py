"""What is said of curves whose points are known, and the page that shows them. Nothing here takes a day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recs_platform.bench.curves import Curve, Point, curve_from
from recs_platform.bench.growth import curves, parts
from recs_platform.bench.growth_day import DAY, SHORT, GrowthSize, growing_company
from recs_platform.bench.growth_page import BEGIN, END, write_page
from recs_platform.bench.measure import MeasuredPart, Measurement, Side
from recs_platform.bench.registry import BENCHMARKS, Benchmark, Options
from recs_platform.cli import main
from recs_platform.pipeline.reach import reach
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.bench import toy
from recs_platform_tests.docs.console import ROOT

PAGE = ROOT / "docs" / "scale.md"


def curve(cpu: Callable[[int], float], over: str = "customers") -> Curve:
    times = (1, 10, 100) if over == "customers" else (1, 10)
    return Curve("offer_ranking", over, tuple(Point(n, 50 * n, 9.0, cpu(n), 400.0, 0.0) for n in times))


@pytest.mark.parametrize(
    ("cpu", "too_fast"),
    [
        (lambda n: 7 + 0.2 * n, False),
        (lambda n: 7 + 0.2 * n**1.1, False),
        # As a whole its exponent is 0.66; what grows is worse.
        (lambda n: 7 + 0.2 * n**1.3, True),
        (lambda n: float(n), False),
        (lambda n: n**1.2, True),
        # Noise of a day that hardly grows is no curve.
        (lambda n: {1: 7.0, 10: 7.1, 100: 9.9}[n], False),
        (lambda n: {1: 7.0, 10: 6.9, 100: 7.3}[n], False),
    ],
)
def test_what_is_worse_than_linear(cpu: Callable[[int], float], too_fast: bool) -> None:
    found = curve(cpu)
    assert found.too_fast is too_fast
    assert ("worse than linear" in found.verdict) is True
    assert found.verdict.startswith("not ") is not too_fast


@pytest.mark.parametrize(("ten_times", "flat"), [(8.0, True), (9.9, True), (10.1, False)])
def test_what_is_flat(ten_times: float, flat: bool) -> None:
    found = curve(lambda n: 8.0 if n == 1 else ten_times, "days")
    assert found.too_fast is not flat
    assert found.verdict.startswith("flat" if flat else "not flat")


def measured(part: MeasuredPart, cpu: float, before: float) -> Measurement:
    sides = (Side(2 * c, {}, 0, 400.0 + c, {}, c, c / 2) for c in (cpu, before))
    return Measurement(part, *sides)


@pytest.fixture
def all_parts(tmp_path: Path) -> dict[str, MeasuredPart]:
    return {part.name: part for part in parts(Options(tmp_path, customers=50))}


def test_curves_are_put_together_from_steps(all_parts: dict[str, MeasuredPart]) -> None:
    customers, days = curves(
        [
            measured(all_parts["offer_ranking, 10x customers"], 10.0, 8.0),
            measured(all_parts["offer_ranking, 100x customers"], 30.0, 12.0),
            measured(all_parts["offer_ranking, 10x days"], 8.5, 8.0),
        ]
    )
    # What was measured twice counts with its mean, its peak with the higher one.
    assert [(p.size, p.cpu, p.peak_mb) for p in customers.points] == [(50, 8, 408), (500, 11, 412), (5_000, 30, 430)]
    assert [(p.size, p.seconds, p.spilled_mb) for p in days.points] == [(30, 16, 4), (300, 17, 4.25)]
    assert curve_from(json.loads(json.dumps(customers.to_json()))) == customers


def test_a_step_alone_is_a_curve_of_two_points(all_parts: dict[str, MeasuredPart]) -> None:
    (found,) = curves([measured(all_parts["replenishment, 100x customers"], 30.0, 12.0)])
    assert [(p.times, p.size) for p in found.points] == [(10, 500), (100, 5_000)]
    assert found.exponent_of_growth is None


def test_every_strategy_grows_both_ways(all_parts: dict[str, MeasuredPart]) -> None:
    assert len(all_parts) == 9
    found = curves([measured(part, 10.0, 8.0) for part in all_parts.values()])
    assert [(c.strategy, c.over) for c in found] == [
        (strategy, over)
        for strategy in ("vehicle_fitment", "offer_ranking", "replenishment")
        for over in ("customers", "days")
    ]


@pytest.mark.parametrize("strategy", SHORT)
def test_short_windows_are_short(strategy: str) -> None:
    """A parameter that is called otherwise by now would leave its window as it is."""
    company = growing_company(GrowthSize(strategy, 50, 300, short=True))
    assert SHORT[strategy].keys() <= type(company.parameters).model_fields.keys()
    assert len(reach(pipeline_of(company), company, Days.one(DAY))) <= 30


@pytest.mark.parametrize(("power", "code"), [(0.9, 0), (1.4, 1)])
def test_the_command_says_so_and_fails(
    power: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(toy, "curves", lambda _: [curve(lambda n: n**power)], raising=False)
    of_toy = Benchmark(
        "Two parts.", "recs_platform_tests.bench.toy:parts", growth="recs_platform_tests.bench.toy:curves"
    )
    monkeypatch.setitem(BENCHMARKS, "toy", of_toy)
    with pytest.raises(SystemExit) as ended:
        main(["bench", "toy", "--repeat", "1"])
    assert int(ended.value.code or 0) == code
    shown = capsys.readouterr().out
    assert "offer_ranking: a day by customers" in shown
    assert ("not worse than linear" in shown) is (code == 0)


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    page = tmp_path / "scale.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    told = tmp_path / "growth.json"
    of_both = [curve(lambda n: 7 + 0.2 * n).to_json(), curve(lambda n: 8.0, "days").to_json()]
    told.write_text(json.dumps({"curves": of_both}))
    write_page(told, tmp_path)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| `offer_ranking` | 5,000 | | 9.0 | 27.0 | 400 | 0 |" in text
    assert "| `offer_ranking` | | 500 | 9.0 | 8.0 | 400 | 0 |" in text
    assert "- `offer_ranking` by days: flat: 1.00 times" in text
    drawn = (tmp_path / "images" / "growth.svg").read_text()
    assert drawn.count("<circle") == 3
    page.write_text("no place")
    with pytest.raises(ValueError, match="has no place for it"):
        write_page(told, tmp_path)


def test_the_docs_have_the_place_for_it() -> None:
    assert BEGIN in PAGE.read_text().partition(END)[0]
