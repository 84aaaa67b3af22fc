"""What an expression under `expressions:` may be: one scalar in GoogleSQL over the columns of its file's row.

Whatever is not listed here is refused: it is a short list of operators and functions that give the same value for the
same row, and reach nothing else. Not here: how it runs (sources/connectors/dialect.py), in an engine that is shut.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST = 2_000
_DEEPEST = 40
_MOST_REPLACED = 5
_LONGEST_REPLACEMENT = 10
_MOST_PADDED = 100
_PLAIN = (
    "Column Identifier Literal RawString Boolean Null Paren Neg Not Add Sub Mul Div Mod IntDiv EQ NEQ GT GTE LT LTE "
    "And Or Between In Is Like NullSafeEQ NullSafeNEQ Case If DPipe DataType Var Interval Bracket Tuple"
)
"""Operators and what they stand on, by the names of sqlglot's classes."""
FUNCTIONS = {
    "CAST": "Cast",
    "SAFE_CAST": "TryCast",
    "IF": "If",
    "COALESCE": "Coalesce",
    "IFNULL": "Coalesce",
    "NULLIF": "Nullif",
    "CONCAT": "Concat",
    "UPPER": "Upper",
    "LOWER": "Lower",
    "TRIM": "Trim",
    "LTRIM": "Trim",
    "RTRIM": "Trim",
    "SUBSTR": "Substring",
    "LEFT": "Left",
    "RIGHT": "Right",
    "LENGTH": "Length",
    "LPAD": "Pad",
    "RPAD": "Pad",
    "REPLACE": "Replace",
    "SPLIT": "Split",
    "STRPOS": "StrPosition",
    "STARTS_WITH": "StartsWith",
    "ENDS_WITH": "EndsWith",
    "REGEXP_CONTAINS": "RegexpLike",
    "REGEXP_EXTRACT": "RegexpExtract",
    "REGEXP_REPLACE": "RegexpReplace",
    "ABS": "Abs",
    "ROUND": "Round",
    "FLOOR": "Floor",
    "CEIL": "Ceil",
    "DIV": "IntDiv",
    "MOD": "Mod",
    "SAFE_DIVIDE": "SafeDivide",
    "GREATEST": "Greatest",
    "LEAST": "Least",
    "DATE": "Date",
    "TIMESTAMP": "Timestamp",
    "PARSE_DATE": "StrToDate",
    "PARSE_TIMESTAMP": "StrToTime",
    "TIMESTAMP_SECONDS": "UnixToTime",
    "TIMESTAMP_MILLIS": "UnixToTime",
    "DATE_ADD": "DateAdd",
    "DATE_SUB": "DateSub",
    "TIMESTAMP_ADD": "TimestampAdd",
    "TIMESTAMP_SUB": "TimestampSub",
    "EXTRACT": "Extract",
}
"""As GoogleSQL writes them, and the names of sqlglot's classes."""
_ALLOWED = frozenset(_PLAIN.split()) | frozenset(FUNCTIONS.values())
_TYPES = frozenset(
    {"BIGINT", "INT", "DOUBLE", "FLOAT", "DECIMAL", "TEXT", "VARCHAR", "BOOLEAN", "DATE"}
    | {"TIMESTAMP", "TIMESTAMPTZ", "DATETIME"}
)


def check(text: str) -> None:
    """A ValueError says why a text is not one such expression, in words that follow its key."""
    parsed(text)


def columns_of(text: str) -> tuple[str, ...]:
    """The names of the file's own columns that it reads, each once."""
    from sqlglot import exp

    return tuple(dict.fromkeys(column.name for column in parsed(text).find_all(exp.Column)))


@lru_cache(maxsize=1024)
def parsed(text: str) -> exp.Expression:
    """Its tree, not to be changed: copy it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST:
        raise ValueError(f"has {len(text):,} characters, and may have {LONGEST:,}")
    try:
        statements = sqlglot.parse(f"SELECT {text}\n", read="bigquery")
    except (SqlglotError, RecursionError):
        raise ValueError("is not an expression in GoogleSQL") from None
    select = statements[0] if len(statements) == 1 else None
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or _other_clauses(select):
        raise ValueError("must be one expression, without SELECT, commas outside of functions, or `;`")
    tree: exp.Expression = select.expressions[0]
    if any(node.comments for node in select.walk()):
        raise ValueError("has a comment; write it beside the expression, as a comment of YAML")
    for node in tree.walk():
        _check_node(node)
    if len(list(tree.find_all(exp.Replace, exp.RegexpReplace))) > _MOST_REPLACED:
        raise ValueError(f"replaces more than {_MOST_REPLACED} times")
    if tree.find(exp.Column) is None:
        raise ValueError("reads no column of the file; a value that is the same for every row stands under constants")
    return tree


def _other_clauses(select: exp.Select) -> bool:
    return any(value for name, value in select.args.items() if name != "expressions")


def _check_node(node: Any) -> None:
    from sqlglot import exp as e

    if type(node).__name__ not in _ALLOWED:
        raise ValueError(f"has {_named(node)}, which an expression may not have. Functions: {', '.join(FUNCTIONS)}")
    if isinstance(node, e.Column) and len(node.parts) > 1:
        raise ValueError(f"names {node.sql()}; a column stands by itself, in backticks where its name has other signs")
    if isinstance(node, e.DataType) and (node.this.name not in _TYPES or node.expressions):
        raise ValueError(
            f"names the type {node.sql('bigquery')}; there are STRING, INT64, FLOAT64, BOOL, DATE, TIMESTAMP"
        )
    if isinstance(node, e.In) and (node.args.get("query") or node.args.get("unnest")):
        raise ValueError("has IN of something else than a list of values")
    if (
        isinstance(node, e.Timestamp | e.Date)
        and len([v for v in node.args.values() if isinstance(v, e.Expression)]) > 1
    ):
        raise ValueError("gives a zone to a time; say it once, under timezone")
    if isinstance(node, e.Bracket) and not (
        isinstance(node.this, e.Split) and len(node.expressions) == 1 and node.expressions[0].is_int
    ):
        raise ValueError("takes a part of something else than SPLIT(...)[OFFSET(number)]")
    if isinstance(node, e.Split) and not isinstance(node.parent, e.Bracket):
        raise ValueError("splits a text into a list; take one part of it: SPLIT(...)[OFFSET(0)]")
    if isinstance(node, e.Pad):
        length = node.expression
        if not (isinstance(length, e.Literal) and length.is_int and int(length.this) <= _MOST_PADDED):
            raise ValueError(f"fills up to a length that is not a number up to {_MOST_PADDED}")
    if isinstance(node, e.Replace | e.RegexpReplace):
        new = node.args.get("replacement")
        if new is not None and not (isinstance(new, e.Literal | e.RawString) and len(new.name) <= _LONGEST_REPLACEMENT):
            raise ValueError(f"replaces by something else than a text of up to {_LONGEST_REPLACEMENT} characters")
    if node.depth > _DEEPEST:
        raise ValueError(f"is nested more than {_DEEPEST} deep")


def _named(node: Any) -> object:
    from sqlglot import exp as e

    if isinstance(node, e.Subquery | e.Query | e.Exists):
        return "a query in it"
    if isinstance(node, e.AggFunc | e.Window):
        return f"{node.sql('bigquery').partition('(')[0]} over several rows"
    if isinstance(node, e.Func):
        return (node.name if isinstance(node, e.Anonymous) else node.sql_name()).upper()
    return node.sql("bigquery")[:40]
