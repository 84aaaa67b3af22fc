"""Variables: values that are no values, names that mean nothing, and settings that contradict each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home, NotThereError
from recs_platform.file_store.bucket import is_bucket
from recs_platform.process import cores
from recs_platform.settings import Settings
from recs_platform.settings_values import bytes_of

_SEE = "See docs/settings.md."
_ALIKE = 0.8


def examine(home: Home) -> Iterator[Examined]:
    if problem := home.problem_of(lambda one: one.settings):
        yield wrong(str(problem), _SEE)
    found = [*_unknown(home.environment, _named_by_companies(home))]
    if problem is None:
        found += _contradictions(home.settings, home.dagster_home)
        if not found:
            yield ok(f"settings: {home.settings.env}, home {home.settings.home.absolute()}")
    yield from found


def _unknown(environment: Mapping[str, str], of_companies: frozenset[str]) -> Iterator[Examined]:
    known = {f"RECS_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(name for name in environment if name.startswith("RECS_")):
        if name in known or name in of_companies:
            continue
        meant = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if meant:
            yield wrong(f"{name} is no setting, so it has no effect", f"Did you mean {meant[0]}? {_SEE}")
        else:
            yield warning(f"{name} is no setting of the platform", f"Unset it if it is meant for it. {_SEE}")


def _named_by_companies(home: Home) -> frozenset[str]:
    """The variables that hold the URLs of companies' databases."""
    try:
        sources = [source for company in home.companies.values() for source in company.sources.values()]
    except NotThereError:
        return frozenset()
    return frozenset(str(source.url_env) for source in sources if hasattr(source, "url_env"))


def _contradictions(chosen: Settings, dagster: Path) -> Iterator[Examined]:
    if bytes_of(chosen.bigquery_query_bytes) > bytes_of(chosen.bigquery_run_bytes):
        yield warning(
            f"RECS_BIGQUERY_QUERY_BYTES ({chosen.bigquery_query_bytes}) is more than RECS_BIGQUERY_RUN_BYTES "
            f"({chosen.bigquery_run_bytes}), which is for all queries of a run",
            f"Lower it. {_SEE}",
        )
    if not is_bucket(chosen.lake):
        lake = Path(chosen.lake).absolute()
        inside = {
            "RECS_COMPANIES_DIR": chosen.companies_dir,
            "RECS_LANDING_DIR": chosen.landing,
            "DAGSTER_HOME": dagster,
            "RECS_HOME": chosen.home,
        }
        for name, folder in inside.items():
            if folder is not None and (folder.absolute() == lake or lake in folder.absolute().parents):
                yield wrong(
                    f"{name} ({folder}) lies in the lake ({lake}), whose folders are datasets",
                    f"Move one of them. {_SEE}",
                )
    if chosen.threads and chosen.threads > cores():
        yield warning(
            f"RECS_THREADS is {chosen.threads}, and this process may use {cores()} cores", "Lower it, or unset it."
        )
    memory = _memory_of_machine()
    if memory and bytes_of(chosen.memory_limit) > memory:
        yield warning(
            f"RECS_MEMORY_LIMIT is {chosen.memory_limit}, and this machine has {memory / 2**30:.1f} GiB",
            "Lower it: a query that goes beyond what there is is killed.",
        )


def _memory_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    total = next((line.split()[1] for line in lines if line.startswith("MemTotal:")), None)
    return int(total) * 1024 if total else None
