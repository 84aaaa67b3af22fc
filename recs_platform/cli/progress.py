"""Runs on the terminal: what is going on now, a line for each run that ended, and what went wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from recs_platform.cli.output import FAILED, MISTAKE, Part, console, error_console, say, tell_trace
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.automation.sequence import Definitions, Ended, Event, Instance
    from recs_platform.cli.side_by_side import Processes


def run_steps(defs: Definitions, instance: Instance, steps: Sequence[Step], *, quiet: bool) -> list[Ended]:
    """Carry out runs one after the other, and tell each as it ends."""
    from recs_platform.automation.sequence import carried_out

    with _progress(quiet) as progress:
        task = progress.add_task("", total=len(steps))

        def follow(step: Step, event: Event) -> None:
            if event.event_type_value == "STEP_START" and event.step_key:
                table = event.step_key.removeprefix(f"{step.strategy}__")
                progress.update(task, description=f"{step}  {table}")

        return _each_told(carried_out(defs, instance, steps, follow), progress, quiet)


def run_side_by_side(steps: Sequence[Step], *, quiet: bool, processes: Processes | None = None) -> list[Ended]:
    """Carry out the runs of several companies, the companies at once; in these processes, or in new ones."""
    from recs_platform.cli.side_by_side import company_processes, run_companies

    companies = len({step.company for step in steps})
    with ExitStack() as opened, _progress(quiet) as progress:
        progress.add_task(
            f"{counted(companies, 'company', 'companies')}, {counted(len(steps), 'run')}", total=len(steps)
        )
        used = processes or opened.enter_context(company_processes(companies))
        return _each_told(run_companies(steps, used), progress, quiet)


def _each_told(runs: Iterable[Ended], progress: Progress, quiet: bool) -> list[Ended]:
    ended = []
    for run in runs:
        ended.append(run)
        for task in progress.task_ids:
            progress.advance(task)
        if not quiet:
            _tell(run, progress.console)
        if run.outcome.summary.interrupted:
            raise KeyboardInterrupt
    return ended


def _progress(quiet: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
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
    checks: list[Part] = [f"{counted(done.checks_passed, 'check')} passed"]
    if done.checks_warned:
        checks += [", ", (f"{done.checks_warned} warned", "yellow")]
    if done.checks_failed:
        checks += [", ", (f"{done.checks_failed} failed", "red")]
    say(
        ("ok  ", "green") if run.outcome.success else ("failed", "red"),
        f" {run.outcome.step}: {counted(done.assets, 'table')}, {counted(done.rows, 'row')}, ",
        *checks,
        f", {run.seconds:.1f} s",
        out=out,
    )
    for warning in (*done.retries, *done.warnings):
        say("     ", (warning, "yellow"), out=out)
    _errors(run, out)


def _errors(run: Ended, out: Console) -> None:
    for error in run.outcome.summary.errors:
        say("     ", (error, "red"), out=out)
    for trace in run.outcome.summary.traces:
        tell_trace(trace)
