"""A query of `sql/`: its text, what its header says, and what it names.

Light: a text is parsed (`syntax.py`) when it is new, or when somebody asks for its tree; else what it names is known
(`query_facts.py`). What a query may see is judged in `scope.py`, which dates of a table it is shown in
`point_in_time.py`, and how it reads on an engine in `compile.py`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.errors import QueryError
from recs_platform.warehouse.query_facts import QueryFacts, facts_kept
from recs_platform.warehouse.query_text import QueryText

if TYPE_CHECKING:
    from sqlglot import exp

_DIRECTIVE = re.compile(r"^(?P<key>[A-Za-z][\w-]*):(?P<value>.*)$")
DIRECTIVES = {
    "look-back": "<log> <days | @parameter> [at most]: the days of a log that are shown, ending with the query's own; "
    "at most where fewer will do",
    "earlier": "<name> = <snapshot> <days | @parameter | latest>: an earlier snapshot, under a name of its own",
    "sorted": "<table> <column>: how the lake hands over the table's rows, where what is added up should lie together; "
    "nothing that the query gives depends on it",
    "table": "<table>: the table that a check guards",
    "severity": "error | warn: whether a failing check blocks what is downstream",
    "tolerance": "<share | @parameter>: the share of the table's rows that may break the rule (default 0)",
    "of": "<table>: the table whose rows the share is of (default: the guarded table)",
    "remedy": "<what to do when the check fails>: follows in the message",
    "among": "<condition>: which of those rows the rule is about (default: all)",
    "judges": "@window_days: the window that a check is about, which is not judged where no table that is made uses it",
    "given": "<@parameter [type], @parameter [type] ...>: what whoever asks a question gives with it; a STRING unless "
    "it says another type",
}


@dataclass(frozen=True)
class Query(QueryText):
    """One statement in GoogleSQL. `directives` are the `-- key: value` lines of its header."""

    name: str
    description: str
    directives: tuple[tuple[str, str, int], ...]
    facts: QueryFacts = field(compare=False, repr=False)
    made_tree: exp.Query | None = field(default=None, compare=False, repr=False)
    """Of a query that is put together, or was parsed just now."""
    put_together: bool = False
    """Whether it is made of others: its tree is what runs, and its text is what messages are about."""

    @cached_property
    def tree(self) -> exp.Query:
        """Its syntax tree, parsed when it is first asked for. Not to be changed: copy it."""
        if self.made_tree is not None:
            return self.made_tree
        from recs_platform.warehouse import syntax

        return syntax.parsed(self)

    @property
    def tables(self) -> frozenset[str]:
        """The tables it reads anywhere, common table expressions left out."""
        return self.facts.tables

    @property
    def indispensable(self) -> frozenset[str]:
        """Those of them without a row of which it gives none."""
        return self.facts.indispensable

    @property
    def parameters(self) -> frozenset[str]:
        """The named parameters in its body."""
        return self.facts.parameters

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it gives, in order."""
        return self.facts.columns

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the statement changes, and not when its comments or layout do."""
        from recs_platform.warehouse import syntax

        return syntax.fingerprint(self.text)

    @property
    def sorted_by(self) -> dict[str, str]:
        """The column by which the rows of a table are handed over, by table."""
        return dict(value.split(" ") for key, value, _ in self.directives if key == "sorted")

    def directive(self, key: str) -> tuple[str, int] | None:
        """The value and line of a directive that may stand once."""
        given = [(value, line) for name, value, line in self.directives if name == key]
        if len(given) > 1 and key != "look-back":
            raise self.error(f"`-- {key}:` stands twice", line=given[1][1])
        return given[0] if given else None

    def made_into(self, name: str, tree: exp.Query) -> Query:
        """A query of another tree, whose messages are about this text."""
        from recs_platform.warehouse import syntax

        return replace(self, name=name, facts=syntax.facts_of(tree), made_tree=tree, put_together=True)


def parse_query(name: str, text: str, path: str, *, passing: bool = False) -> Query:
    """Read one statement; what cannot be parsed or breaks a rule is a QueryError with the line.

    A `passing` one makes no table: somebody asks it once. It may say SELECT * at the top.
    """
    description, directives = _header(text, path)
    tree, facts = None, None if passing else facts_kept().known(text)
    if facts is None:
        from recs_platform.warehouse import syntax

        tree = syntax.judged(QueryText(path, text), passing=passing)
        facts = syntax.facts_of(tree)
        if not passing:
            facts_kept().learn(text, facts)
    return Query(path, text, name, description, directives, facts, tree)


def load_queries(folder: Path) -> dict[str, Query]:
    """Every query below a folder, by name; paths in messages are relative to the folder that holds `sql/`."""
    queries: dict[str, Query] = {}
    for path in sorted(folder.rglob("*.sql")):
        shown = path.relative_to(folder.parent).as_posix()
        query = parse_query(path.stem, path.read_text(encoding="utf-8"), shown)
        if query.name in queries:
            raise query.error(f"a table has one query, and {queries[query.name].path} has this name already")
        if not query.description:
            raise query.error("must open with a comment that says what a row is and why the table exists")
        queries[query.name] = query
    return queries


def sql_folder() -> Path:
    """`sql/` beside the package in a checkout, inside the package in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


def _header(text: str, path: str) -> tuple[str, tuple[tuple[str, str, int], ...]]:
    comments: list[str] = []
    directives: list[tuple[str, str, int]] = []
    in_header = True
    for number, line in enumerate(text.splitlines(), start=1):
        in_header = in_header and line.startswith("--")
        comment = line.strip().removeprefix("--").strip() if line.lstrip().startswith("--") else ""
        match = _DIRECTIVE.match(comment)
        if match and match["key"] in DIRECTIVES:
            if not in_header:
                raise QueryError(path, number, f"`-- {match['key']}:` must stand in the comment that opens the file")
            directives.append((match["key"], match["value"].strip(), number))
        elif match and in_header and difflib.get_close_matches(match["key"].lower(), DIRECTIVES, cutoff=0.75):
            raise QueryError(path, number, f"unknown header `{match['key']}`; known: {', '.join(DIRECTIVES)}")
        elif in_header:
            comments.append(comment)
    # What stands below an empty comment line is for those who read the query.
    return " ".join(takewhile(bool, comments)), tuple(directives)
