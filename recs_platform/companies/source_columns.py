"""Do the options of a source name columns that its table has, each once, and of a type that the option is about?

Not here: values that a file gives for a column (constants.py).
"""

from __future__ import annotations

import pyarrow as pa

from recs_platform.companies.problems import Problem, not_one_of
from recs_platform.companies.source_config import FilesSource, Source
from recs_platform.schemas.landing import feed_columns
from recs_platform.schemas.table import TableSpec

MOMENTS = (pa.date32(), pa.timestamp("us"))


def column_problems(spec: TableSpec, source: Source) -> list[Problem]:
    """What is wrong, each under its key."""
    problems = [problem for name in source.columns if (problem := _unknown(spec, "columns", name))]
    if not isinstance(source, FilesSource):
        return problems
    types = {column.name: column.type for column in spec.columns}
    for name in source.dates if isinstance(source.dates, dict) else ():
        problem = _unknown(spec, "dates", name)
        if problem is None and types[name] not in MOMENTS:
            problem = Problem((spec.name, "dates", name), "is neither a day nor a point in time.")
        problems += [problem] if problem else []
    for name in source.expressions:
        problem = _unknown(spec, "expressions", name)
        if problem is None and (others := [key for key in ("columns", "constants") if name in getattr(source, key)]):
            sentence = f"is named under {others[0]}, too; leave one of the two."
            problem = Problem((spec.name, "expressions", name), sentence)
        problems += [problem] if problem else []
    return problems


def _unknown(spec: TableSpec, option: str, name: str) -> Problem | None:
    allowed = feed_columns(spec)
    if name in allowed:
        return None
    renamed = {column.formerly: column.name for column in spec.columns if column.formerly}
    return Problem(
        (spec.name, option, name),
        f"is called {renamed[name]} now; write that name."
        if name in renamed
        else not_one_of(name, f"a column of {spec.name}", allowed),
    )
