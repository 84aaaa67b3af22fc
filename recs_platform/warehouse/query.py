"""A query of `sql/`: its text, what its header says, and what its syntax tree says it reads.

Parsing only. What a query may see is judged in `scope.py`, which dates of a table it is shown in `point_in_time.py`,
and how it reads on an engine in `compile.py`.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

from recs_platform.errors import QueryError
from recs_platform.schemas.reserved_words import is_reserved
from recs_platform.warehouse.functions import foreign_call

# What it cannot parse is refused here, in our own words.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_GOOGLESQL = sqlglot.Dialect.get_or_raise("bigquery")
_DIRECTIVE = re.compile(r"^(?P<key>[A-Za-z][\w-]*):(?P<value>.*)$")
DIRECTIVES = {
    "look-back": "<log> <days | @parameter> [at most]: the days of a log that are shown, ending with the query's own; "
    "at most where fewer will do",
    "earlier": "<name> = <snapshot> <days | @parameter | latest>: an earlier snapshot, under a name of its own",
    "table": "<table>: the table that a check guards",
    "severity": "error | warn: whether a failing check blocks what is downstream",
    "tolerance": "<share | @parameter>: the share of the table's rows that may break the rule (default 0)",
    "of": "<table>: the table whose rows the share is of (default: the guarded table)",
    "remedy": "<what to do when the check fails>: follows in the message",
    "among": "<condition>: which of those rows the rule is about (default: all)",
    "given": "<@parameter, @parameter ...>: what whoever asks a question gives with it",
}

_DEEPEST = 100
"""Brackets in brackets: what parses them takes the square of it."""
TOO_DEEP = "is nested too deeply; take parts of it out with WITH"


@dataclass(frozen=True)
class Query:
    """One statement in GoogleSQL. `directives` are the `-- key: value` lines of its header."""

    name: str
    path: str
    text: str
    description: str
    directives: tuple[tuple[str, str, int], ...]
    tree: exp.Query = field(compare=False, repr=False)

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables it reads anywhere, common table expressions left out."""
        return frozenset(table.name for table in self.tree.find_all(exp.Table) if not _is_common(table))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The named parameters in its body."""
        return frozenset(parameter.name for parameter in self.tree.find_all(exp.Parameter))

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the statement changes, and not when its comments or layout do."""
        tokens = sqlglot.tokenize(self.text, read="bigquery")
        statement = "\n".join(f"{token.token_type.name} {token.text}" for token in tokens)
        return hashlib.sha256(statement.encode()).hexdigest()[:12]

    def directive(self, key: str) -> tuple[str, int] | None:
        """The value and line of a directive that may stand once."""
        given = [(value, line) for name, value, line in self.directives if name == key]
        if len(given) > 1 and key != "look-back":
            raise self.error(f"`-- {key}:` stands twice", line=given[1][1])
        return given[0] if given else None

    def line_of(self, word: str) -> int:
        """The first line outside comments where a word stands; 1 when it does not."""
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        for number, line in enumerate(self.text.splitlines(), start=1):
            if not line.lstrip().startswith("--") and pattern.search(line):
                return number
        return 1

    def error(self, message: str, *, word: str | None = None, line: int | None = None) -> QueryError:
        return QueryError(self.path, line or (self.line_of(word) if word else 1), message)


def parse_query(name: str, text: str, path: str, *, passing: bool = False) -> Query:
    """Parse one statement; what cannot be parsed is a QueryError with the line.

    A `passing` one makes no table: somebody asks it once. It may say SELECT * at the top.
    """
    description, directives = _header(text, path)
    try:
        tokens = sqlglot.tokenize(text, read="bigquery")
        if _depth(tokens) > _DEEPEST:
            raise QueryError(path, 1, TOO_DEEP)
        statements = _GOOGLESQL.parser().parse(tokens, text)
    except RecursionError:
        raise QueryError(path, 1, TOO_DEEP) from None
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        raise QueryError(path, detail.get("line") or 1, f"is not GoogleSQL: {detail.get('description')}") from None
    except TokenError as error:
        raise QueryError(path, _open_line(text), "is not GoogleSQL: a quote or comment is not closed") from error
    # A comment after the closing semicolon is a statement to sqlglot.
    trees = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QueryError(path, _odd_line(text), "must hold exactly one SELECT statement and nothing else")
    query = Query(name, path, text, description, directives, trees[0])
    _refuse_foreign_functions(query, tokens)
    _refuse_unportable(query)
    if not passing:
        _refuse_star(query)
        _refuse_open_windows(query)
    return query


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


def _is_common(table: exp.Table) -> bool:
    """Whether a name in FROM is that of a common table expression which can be seen from there."""
    if not isinstance(table.this, exp.Identifier) or table.db:
        return False
    name = table.name.lower()
    node: exp.Expr | None = table.parent
    inside: exp.CTE | None = None
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        clause = node.args.get("with_")
        if isinstance(clause, exp.With):
            seen = clause.expressions
            if inside is not None and inside.parent is clause and not clause.recursive:
                # A name means what it meant before, inside its own definition and those that stand before it.
                seen = seen[: next(place for place, one in enumerate(seen) if one is inside)]
            if any(one.alias.lower() == name for one in seen):
                return True
        node = node.parent
    return False


def sql_folder() -> Path:
    """`sql/` beside the package in a checkout, inside the package in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "sql"
    return inside if inside.is_dir() else package.parent / "sql"


def _depth(tokens: Sequence[Token]) -> int:
    """How many brackets stand in each other at the deepest place."""
    depth = deepest = 0
    for token in tokens:
        if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET):
            depth += 1
            deepest = max(deepest, depth)
        elif token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET):
            depth -= 1
    return deepest


def _open_line(text: str) -> int:
    """The line where something opens that never closes: the one after the last that could be the end."""
    lines = text.splitlines()
    for number in range(len(lines), 0, -1):
        try:
            sqlglot.tokenize("\n".join(lines[: number - 1]), read="bigquery")
        except TokenError:
            continue
        return number
    return 1


def _odd_line(text: str) -> int:
    """Where the second statement begins; of one statement, its first line."""
    tokens = sqlglot.tokenize(text, read="bigquery")
    ends = [number for number, token in enumerate(tokens[:-1]) if token.text == ";"]
    first = ends[0] + 1 if ends else 0
    return tokens[first].line if tokens else 1


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


_CLOCK = "a query must not read the clock; use @as_of"
_NO_TABLE = "reads tables by their names; of functions, only UNNEST gives rows"
_UNPORTABLE: Mapping[type[exp.Expression], str] = {
    exp.FarmFingerprint: "FARM_FINGERPRINT has no twin on the lake; use MD5",
    exp.CurrentDate: _CLOCK,
    exp.CurrentDatetime: _CLOCK,
    exp.CurrentTime: _CLOCK,
    exp.CurrentTimestamp: _CLOCK,
    exp.Rand: "a query must give the same rows twice; use MD5 of the key for a repeatable draw",
    exp.Uuid: "a query must give the same rows twice; make the key of the row's own columns",
    exp.SessionUser: "a query must not depend on who runs it; use a @parameter",
    exp.Placeholder: "takes values by name; use a @parameter",
    exp.Lateral: _NO_TABLE,
}
_WEEK_PARTS = {"DAYOFWEEK", "WEEK", "ISOWEEK"}
"""Parts of a date that the two engines number differently, or that one of them does not know."""


def _refuse_foreign_functions(query: Query, tokens: Sequence[Token]) -> None:
    called = foreign_call(tokens)
    if called is not None:
        raise query.error(
            f"{called.text} is not a function that a query may call; use one of GoogleSQL", line=called.line
        )


def _refuse_unportable(query: Query) -> None:
    # One walk: there are hundreds of queries, and every command that loads definitions judges them all.
    for node in query.tree.find_all(*_UNPORTABLE, exp.Extract, exp.Table, exp.Identifier):
        match node:
            case exp.Identifier():
                if is_reserved(node.name) and not node.quoted:
                    raise query.error(
                        f"{node.name} is a reserved word of GoogleSQL; choose another name", word=node.name
                    )
            case exp.Extract() if node.name == "DATE":
                raise query.error("the lake cannot EXTRACT a DATE; use DATE(...)", word="EXTRACT")
            case exp.Extract() if node.name in _WEEK_PARTS or isinstance(node.this, exp.WeekStart):
                raise query.error(
                    "the engines count weeks differently; use FORMAT_DATE('%u' or '%V', ...)", word="EXTRACT"
                )
            case exp.Extract():
                continue
            case exp.Table():
                if not isinstance(node.this, exp.Identifier):
                    raise query.error(_NO_TABLE, word="FROM")
                if node.db:
                    raise query.error(f"a table is named bare: {node.name}, without a dataset", word=node.db)
            case _:
                reason = next(text for kind, text in _UNPORTABLE.items() if isinstance(node, kind))
                raise query.error(reason, word=node.sql(dialect="bigquery").partition("(")[0])


def _refuse_open_windows(query: Query) -> None:
    """A race of DuckDB 1.5 (duckdb#25713): now and then such a window ends in an internal error."""
    for window in query.tree.find_all(exp.Window):
        if not window.args.get("partition_by"):
            raise query.error(
                "a window needs PARTITION BY; take a total from a subquery, a top from LIMIT", word="OVER"
            )


def _refuse_star(query: Query) -> None:
    if query.tree.is_star:
        raise query.error(
            "the outermost SELECT must name its columns, so that nobody's new column leaks into it",
            line=_star_line(query.tree),
        )


def _star_line(tree: exp.Query) -> int:
    while isinstance(tree, exp.SetOperation):
        tree = tree.left if tree.left.is_star else tree.right
    star = next(node for node in tree.selects if node.is_star)
    return int((star.this or star).meta.get("line", 1))
