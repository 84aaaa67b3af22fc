"""What a query of the `sql` and `bigquery` connectors may be: one SELECT, without comments, whose only values are days.

A text is taken apart into tokens by the rules of the database that runs it, where that is known: what is a comment or a
quote to one is none to another. Not here: opening the database for reading only, which holds whatever the text is
(sources/connectors/sql_engine.py).
"""

from __future__ import annotations

import re
from itertools import pairwise

_BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_WRITING_WORDS = "INSERT UPDATE DELETE MERGE INTO CREATE ALTER DROP TRUNCATE GRANT REVOKE CALL EXEC EXECUTE"
_WRITES = frozenset(_WRITING_WORDS.split())
_QUOTED = frozenset(
    {"STRING", "IDENTIFIER", "RAW_STRING", "BYTE_STRING", "UNICODE_STRING", "HEREDOC_STRING", "NATIONAL_STRING"}
)
"""Of sqlglot's kinds of tokens."""


def check(query: str, dialect: str | None = None) -> None:
    """A ValueError says why a text is not one query that only reads, in words that follow its key. `dialect` is
    sqlglot's name of the database's language; None where nobody knows it yet."""
    _check_reads(query, dialect)
    if unknown := sorted(set(_BIND.findall(query)) - {"as_of"}):
        raise ValueError(f"unknown value :{unknown[0]}. Allowed: :as_of (write \\: for a colon)")


def check_googlesql(query: str) -> None:
    """The same for a query of the `bigquery` connector, whose values are written as GoogleSQL has them."""
    _check_reads(query, "bigquery")
    given = values_of(query)
    if unknown := sorted(given - {"as_of", "first", "last"}):
        raise ValueError(f"unknown value @{unknown[0]}. Allowed: @as_of, or @first and @last")
    if given not in (set(), {"as_of"}, {"first", "last"}):
        raise ValueError("has some of @as_of, @first and @last; use @as_of alone, or @first with @last")


def values_of(query: str) -> set[str]:
    """The names of the values in a query in GoogleSQL, which are no words of a text or of a quoted name."""
    from sqlglot import Dialect, TokenType

    tokens = Dialect.get_or_raise("bigquery").tokenize(query)
    return {name.text.lower() for sign, name in pairwise(tokens) if sign.token_type is TokenType.PARAMETER}


def _check_reads(query: str, dialect: str | None) -> None:
    from sqlglot import Dialect, TokenType
    from sqlglot.errors import SqlglotError

    try:
        tokens = Dialect.get_or_raise(dialect).tokenize(query)
    except (SqlglotError, RecursionError):
        raise ValueError("has a quote or a comment that is never closed") from None
    if any(token.comments or token.token_type is TokenType.HINT for token in tokens) or (query.strip() and not tokens):
        raise ValueError("has a comment; write it beside the query, as a comment of YAML")
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    # A quoted name or text is never a keyword; an unquoted column called `delete` has to be quoted.
    words = [token.text.upper() for token in tokens if token.token_type.name not in _QUOTED]
    first = next((word for word in words if word != "("), "")
    if first not in ("SELECT", "WITH"):
        raise ValueError("must be one query that starts with SELECT or WITH")
    if ";" in words:
        raise ValueError("must be one query; take out the `;`")
    if forbidden := next((word for word in words if word in _WRITES), None):
        raise ValueError(f"must only read, but has {forbidden} (quote it if it is a column's name)")


def check_statement(query: str, dialect: str | None) -> None:
    """The same by the text's grammar, for a database that cannot be opened for reading only: some take several
    statements without anything between them."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(query, read=dialect)
    except (SqlglotError, RecursionError):
        raise ValueError("cannot be understood as one query") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("must be one query that starts with SELECT or WITH")


def has_day(query: str) -> bool:
    """Whether the day that is read stands in it."""
    return bool(_BIND.search(query))
