"""Every class of an error that the platform has: of which kind it is by its ancestors, in a run, its log and a command.

A new class is found here by itself. It inherits its kind, or is named below as one that is caught where it is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import typer

from recs_platform import cli
from recs_platform.automation import failures
from recs_platform.automation.run_summary import summary
from recs_platform.errors import ErrorKind, PlatformError, TransientError, UserError, kind_of
from recs_platform.models.artifact import ArtifactError
from recs_platform.schemas.sources import Events
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.promises.platform import quietly
from recs_platform_tests.test_errors import errors_of_the_package

REMEDY = "Do this and that"
_ARGUMENTS: dict[str, Callable[[Any], Exception]] = {
    "SourceError": lambda kind: kind("shop", "events", "it is odd", remedy=f"{REMEDY}."),
    "SourceUnavailableError": lambda kind: kind("shop", "events", "it is away", remedy=f"{REMEDY}."),
    "QueryError": lambda kind: kind("sql/x.sql", 3, f"no. {REMEDY}."),
    "ArtifactError": lambda kind: kind(Path("model"), "its bytes differ", f"{REMEDY}."),
    "UnreadableLogError": lambda kind: kind(TableRef("shop", spec_of(Events)), "shop", "shop/events", f"odd. {REMEDY}"),
    "ArtifactStoreError": lambda kind: kind("store", f"no room. {REMEDY}."),
    "NoAnswerError": lambda kind: kind("the service", "it is away", f"{REMEDY}."),
    "TagTakenError": lambda kind: kind("store", "it names other content", REMEDY),
}
CAUGHT_WHERE_THEY_ARE_RAISED = {
    "BadModelError",
    "CsvTextError",
    "LookupBusyError",
    "NotLetInError",
    "NotNowError",
    "NotScalarError",
    "NotThereError",
    "Problem",
    "RowExpressionError",
    "RowsError",
    "StrangeArtifactError",
    "UnclearError",
    "UnknownCustomerError",
    "UnknownTreesError",
}
BASES = {"PlatformError", "AnySourceError"}
ERRORS = {name: kind for name, kind in errors_of_the_package().items() if name not in BASES}
FOR_PEOPLE = sorted(ERRORS.keys() - CAUGHT_WHERE_THEY_ARE_RAISED)


def made(name: str) -> Exception:
    make = _ARGUMENTS.get(name, lambda kind: kind(f"It went wrong. {REMEDY}."))
    return make(ERRORS[name])


def test_every_class_has_a_kind_on_purpose() -> None:
    undecided = {name for name, kind in ERRORS.items() if not issubclass(kind, UserError | TransientError)}
    assert undecided == CAUGHT_WHERE_THEY_ARE_RAISED
    assert not any(issubclass(ERRORS[name], PlatformError) for name in CAUGHT_WHERE_THEY_ARE_RAISED)


@pytest.mark.parametrize("kind", [ErrorKind.MISTAKE, ErrorKind.TRANSIENT])
def test_a_run_keeps_kind_and_remedy_of_each(kind: ErrorKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    errors = {name: made(name) for name in FOR_PEOPLE if kind_of(made(name)) is kind}
    assert len(errors) > 3

    def step(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name)
        @failures.guarded_step
        def failing(context) -> None:  # type: ignore[no-untyped-def]  # Dagster reads annotations
            raise errors[name]

        return failing

    with dg.DagsterInstance.ephemeral() as instance, quietly():
        steps = [step(name) for name in errors]
        job = dg.Definitions(steps, jobs=[dg.define_asset_job("all")], executor=dg.in_process_executor)
        result = job.resolve_job_def("all").execute_in_process(instance=instance, raise_on_error=False)
        done = summary(instance, result.run_id)
    assert sorted(done.errors) == sorted(str(error) for error in errors.values())
    assert all(REMEDY in said for said in done.errors)
    assert (done.user_mistake, done.traces) == (kind is ErrorKind.MISTAKE, ())
    assert len(done.retries) == (0 if kind is ErrorKind.MISTAKE else len(errors))


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_a_command_says_it_in_one_message(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = made(name)
    app = typer.Typer()

    @app.command()
    def command() -> None:
        raise error

    monkeypatch.setattr(cli, "_command", lambda: typer.main.get_command(app))
    code = cli._exit_code([])
    told = " ".join(capsys.readouterr().err.split())
    assert code == {ErrorKind.MISTAKE: 2, ErrorKind.TRANSIENT: 1}[kind_of(error)]
    assert told.startswith(f"error: {error}")
    assert "Traceback" not in told


def test_a_damaged_artifact_keeps_what_to_do() -> None:
    error = ArtifactError(Path("model/manifest.json"), "its bytes differ", REMEDY)
    assert kind_of(error) is ErrorKind.MISTAKE
    assert str(error) == f"model/manifest.json: its bytes differ. {REMEDY}"
