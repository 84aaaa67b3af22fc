"""The syntax of a query: its text parsed, the rules that hold for every query judged, and what its tree says it reads.

Loading this loads sqlglot, which takes as long as a command that only looks may take for all that it loads; so
`query.py` asks for it when there is something to parse. Not here: what a query may see (`scope.py`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, TokenError

from recs_platform.schemas.reserved_words import is_reserved
from recs_platform.warehouse.day_use import use_of_day
from recs_platform.warehouse.functions import foreign_call
from recs_platform.warehouse.indispensable import indispensable
from recs_platform.warehouse.query_facts import QueryFacts
from recs_platform.warehouse.query_text import TOO_DEEP, QueryText

# What it cannot parse is refused here, in our own words.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_GOOGLESQL = sqlglot.Dialect.get_or_raise("bigquery")
_DEEPEST = 100
"""Brackets in brackets: what parses them takes the square of it."""


def judged(query: QueryText, *, passing: bool) -> exp.Query:
    """The tree of one statement that keeps the rules; a QueryError says which it breaks, and where."""
    tokens = _tokens(query)
    tree = _parsed(query, tokens)
    _refuse_foreign_functions(query, tokens)
    _refuse_unportable(query, tree)
    if not passing:
        _refuse_star(query, tree)
        _refuse_open_windows(query, tree)
    return tree


def parsed(query: QueryText) -> exp.Query:
    """The tree of a statement that was judged before."""
    return _parsed(query, _tokens(query))


def facts_of(tree: exp.Query) -> QueryFacts:
    """What a tree names."""
    stored = [table for table in tree.find_all(exp.Table) if not _is_common(table)]
    return QueryFacts(
        frozenset(table.name for table in stored),
        frozenset(parameter.name for parameter in tree.find_all(exp.Parameter)),
        tuple(_first_select(tree).named_selects),
        indispensable(tree),
        use_of_day(tree, stored),
    )


def _first_select(tree: exp.Query) -> exp.Query:
    """The one that names the columns: of a union, the first. A long union is deep, so this is a loop."""
    while isinstance(tree, exp.SetOperation | exp.Subquery) and isinstance(tree.this, exp.Query):
        tree = tree.this
    return tree


def fingerprint(text: str) -> str:
    """Of the statement, without its comments and layout."""
    tokens = sqlglot.tokenize(text, read="bigquery")
    statement = "\n".join(f"{token.token_type.name} {token.text}" for token in tokens)
    return hashlib.sha256(statement.encode()).hexdigest()[:12]


def _tokens(query: QueryText) -> list[Token]:
    try:
        return sqlglot.tokenize(query.text, read="bigquery")
    except TokenError as error:
        raise query.error("is not GoogleSQL: a quote or comment is not closed", line=_open_line(query.text)) from error


def _parsed(query: QueryText, tokens: list[Token]) -> exp.Query:
    try:
        if _depth(tokens) > _DEEPEST:
            raise query.error(TOO_DEEP)
        statements = _GOOGLESQL.parser().parse(tokens, query.text)
    except RecursionError:
        raise query.error(TOO_DEEP) from None
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        raise query.error(f"is not GoogleSQL: {detail.get('description')}", line=detail.get("line") or 1) from None
    # A comment after the closing semicolon is a statement to sqlglot.
    trees = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise query.error("must hold exactly one SELECT statement and nothing else", line=_odd_line(query.text))
    return trees[0]


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


_CLOCK = "a query must not read the clock; use @as_of"
_NO_TABLE = "reads tables by their names; of functions, only UNNEST gives rows"
_NO_VERSION = "a table is read as it stands, without FOR SYSTEM_TIME"
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


def _refuse_foreign_functions(query: QueryText, tokens: Sequence[Token]) -> None:
    called = foreign_call(tokens)
    if called is not None:
        raise query.error(
            f"{called.text} is not a function that a query may call; use one of GoogleSQL", line=called.line
        )


def _refuse_unportable(query: QueryText, tree: exp.Query) -> None:
    # One walk: there are hundreds of queries, and every command that loads definitions judges them all.
    for node in tree.find_all(*_UNPORTABLE, exp.Extract, exp.Table, exp.Identifier, exp.Select):
        match node:
            case exp.Identifier():
                if is_reserved(node.name) and not node.quoted:
                    raise query.error(
                        f"{node.name} is a reserved word of GoogleSQL; choose another name", word=node.name
                    )
            case exp.Select():
                if not node.expressions or node.args.get("into"):
                    raise query.error("a SELECT must name the columns that it gives, and nothing else", word="SELECT")
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
                if node.args.get("version"):
                    raise query.error(_NO_VERSION, word=node.name)
            case _:
                reason = next(text for kind, text in _UNPORTABLE.items() if isinstance(node, kind))
                raise query.error(reason, word=node.sql(dialect="bigquery").partition("(")[0])


def _refuse_open_windows(query: QueryText, tree: exp.Query) -> None:
    """A race of DuckDB 1.5 (duckdb#25713): now and then such a window ends in an internal error."""
    for window in tree.find_all(exp.Window):
        if not window.args.get("partition_by"):
            raise query.error(
                "a window needs PARTITION BY; take a total from a subquery, a top from LIMIT", word="OVER"
            )


def _refuse_star(query: QueryText, tree: exp.Query) -> None:
    if tree.is_star:
        raise query.error(
            "the outermost SELECT must name its columns, so that nobody's new column leaks into it",
            line=_star_line(tree),
        )


def _star_line(tree: exp.Query) -> int:
    while isinstance(tree, exp.SetOperation):
        tree = tree.left if tree.left.is_star else tree.right
    star = next(node for node in tree.selects if node.is_star)
    return int((star.this or star).meta.get("line", 1))
