"""Runs on the terminal: what is going on now, a line for each run that ended, and what went wrong in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from recs_platform.cli.output import FAILED, MISTAKE, console, error_console

if TYPE_CHECKING:
    import dagster as dg

    from recs_platform.automation.launch import Outcome, Step
    from recs_platform.cli.side_by_side import Processes


@dataclass(frozen=True)
class Ended:
    """A run that ended, and how long it took."""

    outcome: Outcome
    seconds: float

    def to_json(self) -> dict[str, Any]:
        step, done = self.outcome.step, asdict(self.outcome.summary)
        user_mistake = done.pop("user_mistake")
        return {
            "company": step.company,
            "first": str(step.days.first),
            "last": str(step.days.last),
            "history": step.history,
            "run_id": self.outcome.run_id,
            "success": self.outcome.success,
            "user_mistake": user_mistake,
            "seconds": round(self.seconds, 2),
            **done,
        }


def run_steps(defs: dg.Definitions, instance: dg.DagsterInstance, steps: Sequence[Step], *, quiet: bool) -> list[Ended]:
    """Carry out runs one after the other, and tell each as it ends."""
    with _progress(quiet) as progress:
        task = progress.add_task("", total=None)

        def follow(step: Step, event: dg.DagsterEvent) -> None:
            if event.event_type_value == "STEP_START" and event.step_key:
                table = event.step_key.removeprefix(f"{step.strategy}__")
                progress.update(task, description=f"[bold]{step}[/]  [dim]{escape(table)}[/]")

        return _told(carried_out(defs, instance, steps, follow), progress, quiet)


def run_side_by_side(steps: Sequence[Step], *, quiet: bool, processes: Processes | None = None) -> list[Ended]:
    """Carry out the runs of several companies, the companies at once; in these processes, or in new ones."""
    from recs_platform.cli.side_by_side import company_processes, run_companies

    companies = len({step.company for step in steps})
    with ExitStack() as opened, _progress(quiet) as progress:
        progress.add_task(f"{companies} companies, {len(steps)} runs", total=None)
        used = processes or opened.enter_context(company_processes(companies))
        return _told(run_companies(steps, used), progress, quiet)


def carried_out(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    steps: Iterable[Step],
    follow: Callable[[Step, dg.DagsterEvent], None] | None = None,
) -> Iterator[Ended]:
    """Runs one after the other; after one that failed nothing more is started for its company."""
    from recs_platform.automation.launch import launch

    failed: set[str] = set()
    for step in steps:
        if step.company in failed:
            continue
        begun = time.perf_counter()
        outcome = launch(defs, instance, step, partial(follow, step) if follow else None)
        if not outcome.success:
            failed.add(step.company)
        yield Ended(outcome, time.perf_counter() - begun)


def _told(runs: Iterable[Ended], progress: Progress, quiet: bool) -> list[Ended]:
    ended = []
    for run in runs:
        ended.append(run)
        if not quiet:
            _tell(run, progress.console)
        if run.outcome.summary.interrupted:
            raise KeyboardInterrupt
    return ended


def _progress(quiet: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    )


def exit_code(ended: Sequence[Ended]) -> int:
    """2 when everything that failed failed by a user's mistake, 1 when anything else did."""
    failures = [run.outcome for run in ended if not run.outcome.success]
    if not failures:
        return 0
    return MISTAKE if all(outcome.summary.user_mistake for outcome in failures) else FAILED


def tell_errors(ended: Sequence[Ended]) -> None:
    """The reasons of failed runs, for a command whose standard output is not for people."""
    for run in ended:
        _errors(run, error_console)


def _tell(run: Ended, out: Console) -> None:
    done = run.outcome.summary
    mark = "[green]ok[/]  " if run.outcome.success else "[red]failed[/]"
    checks = f"{done.checks_passed} checks passed"
    if done.checks_warned:
        checks += f", [yellow]{done.checks_warned} warned[/]"
    if done.checks_failed:
        checks += f", [red]{done.checks_failed} failed[/]"
    out.print(
        f"{mark} {run.outcome.step}: {done.assets} tables, {done.rows:,} rows, {checks}, {run.seconds:.1f} s",
        soft_wrap=True,
        highlight=False,
    )
    for warning in done.warnings:
        out.print(f"     [yellow]{escape(warning)}[/]", soft_wrap=True, highlight=False)
    _errors(run, out)


def _errors(run: Ended, out: Console) -> None:
    for error in run.outcome.summary.errors:
        out.print(f"     [red]{escape(error)}[/]", soft_wrap=True, highlight=False)
