"""`recs models`: a company's trained models, and which of them serves."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from recs_platform.cli.company import AnyCompanyArgument, CompanyArgument, CompanyCommand
from recs_platform.cli.output import MISTAKE, JsonOption, print_json, print_table, say, tell_error
from recs_platform.cli.publish import ByOption, who
from recs_platform.errors import ConfigError
from recs_platform.plurals import listed

if TYPE_CHECKING:
    from recs_platform.model_registry.registry import Registered
    from recs_platform.model_registry.shelf import ModelShelf
    from recs_platform.model_registry.training_log import Begun
    from recs_platform.models.task import RankingTask

ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model. Default: the only one.")]


class _ListsByDefault(TyperGroup):
    """`recs models metro` is short for `recs models list metro`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in ("--help", *self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ListsByDefault,
    help="List trained models, and choose the one that serves.\n\n`recs models COMPANY` lists those of a company.",
    no_args_is_help=True,
)


@app.command("list", cls=CompanyCommand)
def list_models(company: CompanyArgument, model: ModelOption = None, as_json: JsonOption = False) -> None:
    """List a company's models and trainings, the newest first."""
    shelf, task = _opened(company, model)
    versions = shelf.versions(task.model)
    trainings = shelf.begun_trainings(task.model)[::-1]
    asked = {training.as_of: training for training in trainings}
    if as_json and (versions or trainings):
        listed_versions = [_version(version, asked.get(version.as_of)) for version in versions]
        print_json({"versions": listed_versions, "trainings": [_training(training) for training in trainings]})
        return
    if not versions:
        raise ConfigError(_none_yet(company, task.model, trainings))
    measure = task.design.measure
    titles = ("version", "status", "trained for", "digest", measure.title, "asked by", "activated", "by", "artifact")
    rows = [_row(version, asked.get(version.as_of), measure.leading) for version in versions]
    print_table(task.model, titles, rows)
    _say_where(shelf, versions)
    for version in versions:
        if version.status == "active":
            say(f"Version {version.version} serves. When it was trained: {version.words}")
    for training in trainings:
        if training.outcome != "trained":
            say(_ended(training))


@app.command(cls=CompanyCommand)
def activate(
    company: CompanyArgument,
    version: Annotated[
        int, typer.Argument(min=1, metavar="VERSION", help="A version that `recs models COMPANY` lists.")
    ],
    model: ModelOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version the one that serves.

    Its artifact is read and proved first; it must be of this code's features."""
    shelf, task = _opened(company, model)
    _tell(shelf.activate(task.model, version, task.features, by=who(by)), as_json)


@app.command(cls=CompanyCommand)
def rollback(
    company: CompanyArgument,
    to: Annotated[
        int | None,
        typer.Option("--to", min=1, metavar="VERSION", help="The version. Default: the one that served last."),
    ] = None,
    model: ModelOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go back to a version that served before."""
    shelf, task = _opened(company, model)
    _tell(shelf.rollback(task.model, task.features, to=to, by=who(by)), as_json)


@app.command(cls=CompanyCommand)
def move(
    company: AnyCompanyArgument = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Bring versions to where artifacts are kept today.

    From the shelf of an earlier version, or from where RECS_ARTIFACTS_URL named before. Nothing is deleted, and it may
    be called again at any time."""
    from recs_platform.model_registry.environment import open_artifacts
    from recs_platform.model_registry.moving import move
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import company_named, load_companies

    names = [company_named(company).name] if company else list(load_companies())
    require_home()
    database, artifacts = opened_database(), open_artifacts()
    moves = [one for name in names for one in move(database, name, artifacts, dry_run=dry_run)]
    if as_json:
        print_json([asdict(one) for one in moves])
    elif not moves:
        say("There is no version of a model yet, so there is nothing to bring over.")
    else:
        rows = [(one.company, one.model, one.version, one.outcome, one.source, one.target) for one in moves]
        print_table("", ("company", "model", "version", "outcome", "from", "to"), rows)
    for one in moves:
        if one.problem:
            tell_error(f"{one.company}: {one.model} version {one.version}: {one.problem}")
    return MISTAKE if any(one.problem for one in moves) else 0


def _opened(name: str, model: str | None) -> tuple[ModelShelf, RankingTask]:
    from recs_platform.model_registry.shelf import open_shelf
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import company_named

    company = company_named(name)
    if company.strategy.model is None:
        raise ConfigError(f"{name} trains no models: its strategy, {company.strategy}, ranks without one.")
    task = company.strategy.model.task
    if model not in (None, task.model):
        raise ConfigError(f"--model: {name} trains {task.model}, not {model}.")
    require_home()
    return open_shelf(name, run_id=""), task


def _none_yet(company: str, model: str, trainings: tuple[Begun, ...]) -> str:
    if not trainings:
        return (
            f"{company} has no model {model} yet. The first day that has enough impressions trains one: "
            f"recs run {company} --date DAY"
        )
    return f"{company} has no version of {model} yet. {_ended(trainings[0])}"


def _ended(training: Begun) -> str:
    asked = ", ".join(reason.words for reason in training.reasons)
    if training.outcome is None:
        return f"The training for {training.as_of} (asked by: {asked}) has not ended; if nothing runs, it was killed."
    return f"The training for {training.as_of} (asked by: {asked}) ended {training.outcome}: {training.words}"


def _row(version: Registered, training: Begun | None, leading: str) -> tuple[object, ...]:
    from recs_platform.models.manifest import short

    # A version of before the model was judged in this way has no such figure.
    figure = version.metrics["candidate"].get(leading)
    return (
        version.version,
        version.status,
        version.as_of,
        short(version.digest),
        None if figure is None else f"{figure:.4f}",
        ", ".join(reason.kind for reason in training.reasons) if training else None,
        version.activated_at,
        version.by,
        short(version.artifact_digest) if version.artifact_digest else None,
    )


def _say_where(shelf: ModelShelf, versions: tuple[Registered, ...]) -> None:
    from recs_platform.model_registry.inspection import artifact_name, not_moved

    left = [str(version.version) for version in versions if not_moved(shelf.artifacts, version)]
    if len(left) < len(versions):
        here = shelf.artifacts.repository(artifact_name(shelf.company, versions[0].model))
        say(f"Artifacts are in the repository {here}, each under its version as tag.")
    if left:
        say(f"Not brought over yet: {listed(left)}. To bring them over: recs models move {shelf.company}")


def _version(version: Registered, training: Begun | None) -> dict[str, Any]:
    return {**asdict(version), "reasons": _reasons(training) if training else []}


def _training(training: Begun) -> dict[str, Any]:
    return {**asdict(training), "reasons": _reasons(training)}


def _reasons(training: Begun) -> list[dict[str, str]]:
    return [reason._asdict() for reason in training.reasons]


def _tell(version: Registered, as_json: bool) -> None:
    if as_json:
        print_json(asdict(version))
        return
    say(
        ("ok", "green"),
        f"  {version.company}: version {version.version} of {version.model} is active, "
        f"trained for {version.as_of}; its artifact was read and proved. The next run scores by it.",
    )
