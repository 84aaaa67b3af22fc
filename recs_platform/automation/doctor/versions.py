"""Python, the packages that the platform is made of, and what other versions of the platform have left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version
from sqlalchemy import select

from recs_platform import __version__
from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home, NotThereError
from recs_platform.platform_db.tables import ModelVersion

DISTRIBUTION = "recs-platform"
_INSTALL = "Install the platform again, in an environment of its own."


def examine(home: Home) -> Iterator[Examined]:
    python = ".".join(map(str, sys.version_info[:3]))
    wanted, problems = _requirements()
    yield from problems
    if not problems:
        yield ok(f"recs_platform {__version__} on Python {python}; {wanted} packages within their ranges")
    yield from _newer_models(home)


def _requirements() -> tuple[int, list[Examined]]:
    try:
        declared = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        return 0, [
            warning("the platform is not installed as a package, so nobody knows which others it needs", _INSTALL)
        ]
    # An extra that nobody asked for is not there; one that is must be of the right version as well.
    needed = [one for one in declared if one.marker is None or one.marker.evaluate({"extra": ""})]
    problems = []
    for one in needed:
        found = _version(one.name)
        if found is None:
            problems.append(wrong(f"the package {one.name} is missing", _INSTALL))
        elif not one.specifier.contains(found, prereleases=True):
            problems.append(wrong(f"{one.name} is {found}, and the platform needs {one.specifier}", _INSTALL))
    return len(needed), problems


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _newer_models(home: Home) -> Iterator[Examined]:
    try:
        with home.database.connect() as connection:
            made_by = {code for (code,) in connection.execute(select(ModelVersion.code_version).distinct())}
    except NotThereError:
        return
    newer = sorted(code for code in made_by if _is_newer(code))
    if newer:
        yield warning(
            f"models of this home were trained by recs_platform {newer[-1]}, and this is {__version__}",
            "Install that version here as well: what it wrote may not be understood.",
        )


def _is_newer(code: str) -> bool:
    try:
        return Version(code) > Version(__version__)
    except InvalidVersion:
        return False
