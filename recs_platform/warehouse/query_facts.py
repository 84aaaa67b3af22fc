"""What is known of a query's text without parsing it again: what it names, kept between processes.

Parsing every query takes longer than a command that only looks may take. Only a text that keeps every rule is learned.

Not here: finding out what a text names (`syntax.py`), and how what is known is kept (`kept_answers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recs_platform.settings import cache_folder
from recs_platform.warehouse.kept_answers import KeptAnswers

_READ_BY = (
    "query.py",
    "query_facts.py",
    "query_text.py",
    "syntax.py",
    "day_use.py",
    "indispensable.py",
    "functions.py",
    "../schemas/reserved_words.py",
)
"""The modules that say what a text names, and which texts keep the rules."""


@dataclass(frozen=True)
class DayUse:
    """What a query does with its day, besides giving it as the date column (`day_use.py`)."""

    reason: str
    """Why its rows depend on the day; nothing where they do not."""
    compared: tuple[tuple[str, str], ...] = ()
    """The columns that are compared with the day, each with its table."""
    whole: tuple[str, ...] = ()
    """The tables of which it takes every column; of a snapshot, the day too."""


@dataclass(frozen=True)
class QueryFacts:
    tables: frozenset[str]
    parameters: frozenset[str]
    columns: tuple[str, ...]
    indispensable: frozenset[str]
    day: DayUse


@lru_cache(maxsize=4)
def facts_at(folder: Path | None) -> KeptFacts:
    return KeptFacts(folder)


def facts_kept() -> KeptFacts:
    """Those of this user."""
    return facts_at(cache_folder())


class KeptFacts:
    def __init__(self, folder: Path | None) -> None:
        self._answers = KeptAnswers(folder, "queries.json", _READ_BY)

    def known(self, text: str) -> QueryFacts | None:
        """The facts of a text that was learned before."""
        answer = self._answers.known(text)
        if answer is None:
            return None
        try:
            tables, parameters, columns, indispensable, (reason, compared, whole) = answer
            day = DayUse(reason, tuple((table, column) for table, column in compared), tuple(whole))
            return QueryFacts(frozenset(tables), frozenset(parameters), tuple(columns), frozenset(indispensable), day)
        except (TypeError, ValueError):
            return None

    def learn(self, text: str, facts: QueryFacts) -> None:
        sets = facts.tables, facts.parameters, facts.indispensable
        tables, parameters, indispensable = (sorted(names) for names in sets)
        day = [facts.day.reason, [list(pair) for pair in facts.day.compared], list(facts.day.whole)]
        self._answers.learn(text, [tables, parameters, list(facts.columns), indispensable, day])

    def keep(self) -> None:
        """Let other processes know what this one used."""
        self._answers.keep()
