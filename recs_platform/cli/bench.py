"""`recs bench`: measure the platform against its targets."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.output import FAILED, JsonOption, console, print_json, print_table, say, styled
from recs_platform.errors import ConfigError
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.bench.curves import Curve
    from recs_platform.bench.measure import MeasuredPart, Measurement
    from recs_platform.bench.report import BenchReport


def register(app: typer.Typer) -> None:
    app.command("bench")(bench)


def bench(
    name: Annotated[str | None, typer.Argument(metavar="BENCHMARK", help="A benchmark. Default: list them.")] = None,
    rows: Annotated[
        int | None, typer.Option(min=1_000, metavar="N", help="Rows. Default: the benchmark's own size.")
    ] = None,
    customers: Annotated[
        int | None, typer.Option(min=10, metavar="N", help="Customers, where they are simulated.")
    ] = None,
    part: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this part; may be repeated.")] = None,
    repeat: Annotated[int, typer.Option(min=1, metavar="N", help="Turns of each side; the median counts.")] = 3,
    as_json: JsonOption = False,
) -> int:
    """Measure the platform against its targets.

    Each piece of work takes turns with a baseline, in the same run."""
    from recs_platform.bench.registry import BENCHMARKS, Options
    from recs_platform.bench.report import BenchReport

    if name is None:
        _list(as_json)
        return 0
    if name not in BENCHMARKS:
        raise ConfigError(f"no benchmark {name}. There is: {', '.join(BENCHMARKS)}.")
    with tempfile.TemporaryDirectory(prefix="recs-bench-") as folder:
        parts = _chosen(BENCHMARKS[name].parts(Options(Path(folder), rows, customers)), part)
        report = BenchReport(name, _measure(parts, repeat, quiet=as_json))
    curves = BENCHMARKS[name].curves(report.measured)
    if as_json:
        print_json({**report.to_json(), **({"curves": [curve.to_json() for curve in curves]} if curves else {})})
    else:
        _show(report, repeat)
        _show_curves(curves)
    return FAILED if any(curve.too_fast for curve in curves) else 0


def _list(as_json: bool) -> None:
    from recs_platform.bench.registry import BENCHMARKS

    if as_json:
        print_json([{"name": name, "line": benchmark.line} for name, benchmark in BENCHMARKS.items()])
    else:
        print_table("", ("benchmark", "what it measures"), [(n, benchmark.line) for n, benchmark in BENCHMARKS.items()])


def _chosen(parts: Sequence[MeasuredPart], names: list[str] | None) -> list[MeasuredPart]:
    unknown = sorted(set(names or ()) - {part.name for part in parts})
    if unknown:
        raise ConfigError(f"no part {unknown[0]}. There is: {', '.join(part.name for part in parts)}.")
    return [part for part in parts if not names or part.name in names]


def _measure(parts: Sequence[MeasuredPart], repeat: int, *, quiet: bool) -> list[Measurement]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from recs_platform.bench.measure import measure

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)
        return [measure(part, repeat, lambda turn: progress.update(task, description=turn)) for part in parts]


def _show(report: BenchReport, repeat: int) -> None:
    titles = ("", "seconds", "CPU s", "rows/s", "baseline s", "ratio", "peak MB", "aim")
    rows = [row for one in report.measured for row in _rows(one)]
    print_table(f"recs bench {report.name}", titles, rows, right=1)
    for one in report.measured:
        sizes = ", ".join(f"{size:,} {key}" for key, size in one.part.sizes.items())
        say(f"{one.part.name}: {sizes}; baseline: {one.part.baseline_name}.")
    say(
        (
            f"Medians of {counted(repeat, 'turn')} of each side. Ratio: baseline seconds / seconds; 1.00 is as fast.",
            "dim",
        )
    )


def _show_curves(curves: Sequence[Curve]) -> None:
    for curve in curves:
        titles = (curve.over, "seconds", "CPU s", "peak MB", "spilled MB")
        rows = [
            (point.size, _seconds(point.seconds), _seconds(point.cpu), round(point.peak_mb), round(point.spilled_mb))
            for point in curve.points
        ]
        print_table(f"{curve.strategy}: a day by {curve.over}", titles, rows)
        say((curve.verdict, "red" if curve.too_fast else "green"))


def _rows(one: Measurement) -> list[tuple[object, ...]]:
    """A line for the part, and one for each of its steps."""
    rate = round(one.platform.rows / one.platform.seconds) if one.platform.rows else None
    verdict = styled(("met", "green") if one.met else ("missed", "red"))
    whole = (
        styled((one.part.name, "bold")),
        _seconds(one.platform.seconds),
        _seconds(one.platform.cpu_seconds),
        rate,
        _seconds(one.baseline.seconds),
        one.ratio,
        round(one.platform.peak_mb),
        f"{one.part.aim}: {verdict}",
    )
    steps = [
        (
            f"  {step}",
            _seconds(seconds),
            _seconds(one.platform.cpu.get(step)),
            None,
            _seconds(compared),
            compared / seconds if compared and seconds else None,
            None,
            None,
        )
        for step, seconds in one.platform.steps.items()
        for compared in [one.baseline.steps.get(step)]
    ]
    return [whole, *(steps if len(steps) > 1 else [])]


def _seconds(value: float | None) -> float | str | None:
    """Those of an answer are a small part of one."""
    return value if value is None or value >= 0.1 else f"{value:.5f}"
