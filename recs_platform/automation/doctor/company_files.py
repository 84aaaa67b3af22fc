"""Company files that are wrong: nothing runs for these companies."""

from __future__ import annotations

from collections.abc import Iterator

from recs_platform.automation.doctor.examined import Examined, ok, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.plurals import counted


def examine(home: Home) -> Iterator[Examined]:
    _ = home.settings
    if problem := home.problem_of(lambda one: one.companies):
        yield wrong(str(problem), "See docs/companies.md.")
        return
    for broken in home.companies.broken:
        yield wrong(f"{broken.name}: {broken.problems}", f"Correct the file, then: recs companies check {broken.name}")
    if not home.companies.broken:
        yield ok(f"{counted(len(home.companies), 'company', 'companies')}, each with a sound file")
