"""What may not be done with values of a type: GoogleSQL's rules on typed expressions, as far as they are beyond doubt.

What is of an unknown type is let pass, and so is what only some versions of GoogleSQL refuse: Google's own analyzer has
the last word (`make googlesql`), and a test there holds that nothing is a misuse here that it takes. What it takes and
the lake understands otherwise is refused, too, where types say so.

Not here: how a query's expressions get their types (`query_types.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlglot import exp

_NUMBER, _TEXT, _BOOL, _DATE, _TIMESTAMP, _ARRAY, _STRUCT = "number", "text", "BOOL", "DATE", "TIMESTAMP", "list", "row"
_FAMILIES: Mapping[exp.DType, str] = {
    exp.DType.BIGINT: _NUMBER,
    exp.DType.INT: _NUMBER,
    exp.DType.DOUBLE: _NUMBER,
    exp.DType.DECIMAL: _NUMBER,
    exp.DType.BIGDECIMAL: _NUMBER,
    exp.DType.TEXT: _TEXT,
    exp.DType.VARCHAR: _TEXT,
    exp.DType.BOOLEAN: _BOOL,
    exp.DType.DATE: _DATE,
    exp.DType.TIMESTAMPTZ: _TIMESTAMP,
    exp.DType.ARRAY: _ARRAY,
    exp.DType.STRUCT: _STRUCT,
}
"""Types that can be told apart. The rest (DATETIME, INTERVAL, BYTES, JSON) is let pass."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_ALIKE = (exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Array)
_OF_TWO_NUMBERS = (exp.Mul, exp.Div, exp.SafeDivide, exp.Mod, exp.Pow)
_OF_A_NUMBER = (
    exp.Sum,
    exp.Avg,
    exp.Abs,
    exp.Round,
    exp.Floor,
    exp.Ceil,
    exp.Sqrt,
    exp.Ln,
    exp.Exp,
    exp.Sign,
    exp.Neg,
    exp.IsNan,
)
_OF_TEXTS = (
    exp.Lower,
    exp.Upper,
    exp.Trim,
    exp.StartsWith,
    exp.EndsWith,
    exp.RegexpLike,
    exp.RegexpReplace,
    exp.RegexpExtract,
    exp.Split,
    exp.StrPosition,
    exp.Like,
)
_BETWEEN_DAYS = (exp.DateDiff, exp.TimestampDiff)
_DAYS_LATER = (exp.DateAdd, exp.DateSub, exp.TimestampAdd, exp.TimestampSub)
_OF_DAYS = (*_BETWEEN_DAYS, *_DAYS_LATER, exp.DateTrunc)
MAKE_DAYS_OF_TEXTS = (*_OF_DAYS, *_ALIKE, exp.If, exp.Case)
"""Where a text that is given is read as a day if days stand beside it, which sqlglot does not know."""
_WRITTEN_DIFFERENTLY = {"FLOAT64": "make it an INT64 first", "TIMESTAMP": "use FORMAT_TIMESTAMP"}
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


@dataclass(frozen=True)
class Misuse:
    what: str
    """What is wrong, in words."""
    node: exp.Expr


def misuses(node: exp.Expr) -> Iterator[Misuse]:
    """What is wrong with a typed expression itself; what it is made of is judged by itself."""
    match node:
        case exp.Where() | exp.Having() | exp.Qualify() | exp.Not() | exp.CountIf():
            yield from _not_a_condition(node.this)
        case exp.And() | exp.Or():
            yield from _not_a_condition(node.this)
            yield from _not_a_condition(node.expression)
        case exp.Join() if node.args.get("on"):
            yield from _not_a_condition(node.args["on"])
        case exp.If() if not isinstance(node.parent, exp.Case):
            yield from _not_a_condition(node.this)
            yield from _unlike(node, [node.args["true"], node.args.get("false")])
        case exp.Case():
            yield from _of_a_case(node)
        case exp.In():
            yield from _of_a_list(node)
        case exp.Between():
            yield from _not_compared(node, node.this, node.args["low"])
            yield from _not_compared(node, node.this, node.args["high"])
        case exp.SetOperation() if not node.args.get("by_name"):
            yield from _of_a_union(node)
        case exp.Limit() | exp.Offset():
            yield from _needs("a number", node, [node.expression], _NUMBER)
        case exp.Window():
            yield from _of_a_window(node)
        case exp.Unnest():
            yield from _needs("an ARRAY", node, node.expressions, _ARRAY)
        case _:
            yield from _of_operands(node)


def engine_differences(node: exp.Expr) -> Iterator[Misuse]:
    """What GoogleSQL takes, and what gives something else on the lake."""
    if not isinstance(node, exp.Cast) or isinstance(node.this, exp.Parameter):
        return
    made, of = _family_of(node.to), type_name(node.this)
    whole = isinstance(node.this, exp.Round | exp.Floor | exp.Ceil | exp.Trunc)
    if of == "FLOAT64" and node.to.is_type(exp.DType.BIGINT) and not whole:
        yield Misuse("the engines round halves differently; CAST a ROUND or FLOOR", node)
    elif made is _TEXT and of in _WRITTEN_DIFFERENTLY:
        yield Misuse(f"the engines write a {of} differently; {_WRITTEN_DIFFERENTLY[of]}", node)


def family(node: exp.Expr | None) -> str | None:
    """The kind of an expression's type; None where it is not known, or goes with any other."""
    if node is None or isinstance(node.unalias(), exp.Null):
        return None
    return _family_of(node.type) if isinstance(node.type, exp.DataType) else None


def family_named(type_: str) -> str | None:
    """That of a type by its name in GoogleSQL."""
    return _family_of(exp.DataType.build(type_, dialect="bigquery"))


def type_name(node: exp.Expr | None) -> str:
    return node.type.sql(dialect="bigquery") if node is not None and node.type else "unknown"


def is_given(node: exp.Expr) -> bool:
    """Whether it is a parameter, with its type put on it."""
    return isinstance(node, exp.Cast) and isinstance(node.this, exp.Parameter)


def _family_of(type_: exp.DataType) -> str | None:
    return _FAMILIES.get(type_.this) if isinstance(type_.this, exp.DType) else None


def _of_operands(node: exp.Expr) -> Iterator[Misuse]:
    """Of operators and functions."""
    if isinstance(node, _COMPARISONS):
        yield from _not_compared(node, node.this, node.expression)
    elif isinstance(node, _ALIKE):
        yield from _unlike(node, [node.this, node.args.get("expression"), *node.expressions])
    elif isinstance(node, exp.Add | exp.Sub):
        yield from _not_added(node)
    elif isinstance(node, _OF_TWO_NUMBERS):
        yield from _needs("a number", node, [node.this, node.expression], _NUMBER)
    elif isinstance(node, _OF_A_NUMBER):
        yield from _needs("a number", node, [node.this], _NUMBER)
    elif isinstance(node, _OF_TEXTS):
        parts = [node.this, node.args.get("expression"), node.args.get("substr")]
        yield from _needs("a STRING", node, parts, _TEXT)
    elif isinstance(node, exp.Date):
        yield from _needs("a DATE or TIMESTAMP", node, [node.this], _DATE, _TIMESTAMP, _TEXT)
    elif isinstance(node, exp.Extract):
        yield from _needs("a DATE or TIMESTAMP", node, [node.expression], _DATE, _TIMESTAMP)
    elif isinstance(node, exp.GenerateDateArray):
        yield from _needs("a DATE", node, [node.args["start"], node.args["end"]], _DATE)
    elif isinstance(node, _OF_DAYS):
        days = [node.this, node.expression] if isinstance(node, _BETWEEN_DAYS) else [node.this]
        yield from _needs("a DATE or TIMESTAMP", node, days, _DATE, _TIMESTAMP)
        if isinstance(node, _DAYS_LATER):
            yield from _not_an_amount(node, node.expression)


def _needs(what: str, node: exp.Expr, parts: Sequence[exp.Expr | None], *families: str) -> Iterator[Misuse]:
    for part in parts:
        if family(part) not in (None, *families) and not (_DATE in families and _may_be_a_day(part)):
            yield Misuse(f"needs {what}, not {type_name(part)}", node)


def _not_a_condition(node: exp.Expr) -> Iterator[Misuse]:
    if family(node) not in (None, _BOOL):
        yield Misuse(f"a condition is needed here, and this is {type_name(node)}", node)


def _not_an_amount(node: exp.Expr, interval: exp.Expr) -> Iterator[Misuse]:
    part = interval.this if isinstance(interval, exp.Interval) else interval
    # A text that is given is read as a number here, and sqlglot has one that is written down in quotes.
    read_as_number = isinstance(part, exp.Literal) or (is_given(part) and family(part) is _TEXT)
    if family(part) and type_name(part) != "INT64" and not read_as_number:
        yield Misuse(f"an interval needs an INT64, not {type_name(part)}", node)


def _not_added(node: exp.Add | exp.Sub) -> Iterator[Misuse]:
    types, families = {type_name(node.this), type_name(node.expression)}, {family(node.this), family(node.expression)}
    to_a_day = families == {_NUMBER, _TIMESTAMP} or (families == {_NUMBER, _DATE} and "INT64" not in types)
    if families & {_TEXT, _BOOL, _ARRAY, _STRUCT} or to_a_day:
        yield Misuse(f"cannot add or subtract {type_name(node.this)} and {type_name(node.expression)}", node)


def _of_a_case(node: exp.Case) -> Iterator[Misuse]:
    for branch in node.args["ifs"]:
        yield from _not_compared(node, node.this, branch.this) if node.this else _not_a_condition(branch.this)
    yield from _unlike(node, [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")])


def _of_a_list(node: exp.In) -> Iterator[Misuse]:
    """`IN` a few values, the items of an array, or what a query gives."""
    asked = node.args.get("query")
    inner = asked.unnest() if isinstance(asked, exp.Subquery) else None
    selected = [select.unalias() for select in inner.selects] if isinstance(inner, exp.Query) else []
    for item in (*node.expressions, *selected):
        yield from _not_compared(node, node.this, item)
    unnested = node.args.get("unnest")
    for array in unnested.expressions if unnested else ():
        items = array.type.expressions if family(array) is _ARRAY else []
        of_items = _family_of(items[0]) if items and isinstance(items[0], exp.DataType) else None
        # A list of texts that is given is read as one of days where days are looked for.
        days = (_DATE, _TIMESTAMP) if is_given(array) else ()
        if of_items and family(node.this) not in (None, of_items, *days) and not _reads_as(node.this, of_items):
            yield Misuse(f"cannot compare {type_name(node.this)} with the items of {type_name(array)}", node)


def _of_a_union(node: exp.SetOperation) -> Iterator[Misuse]:
    for left, right in zip(node.left.selects, node.right.selects, strict=False):
        if _differ(left.unalias(), right.unalias()):
            types = f"{type_name(left)} in one part and {type_name(right)} in another"
            yield Misuse(f"{left.alias_or_name} is {types}", right)


def _of_a_window(node: exp.Window) -> Iterator[Misuse]:
    for part in node.args.get("partition_by") or ():
        if type_name(part) == "FLOAT64":
            yield Misuse("cannot PARTITION BY a FLOAT64", node)


def _not_compared(node: exp.Expr, left: exp.Expr, right: exp.Expr) -> Iterator[Misuse]:
    if _differ(left, right):
        yield Misuse(f"cannot compare {type_name(left)} with {type_name(right)}", node)


def _unlike(node: exp.Expr, parts: Sequence[exp.Expr | None]) -> Iterator[Misuse]:
    for one, other in pairwise(part for part in parts if family(part)):
        if _differ(one, other):
            yield Misuse(f"is {type_name(one)} or {type_name(other)}, and must be one of them", node)


def _differ(left: exp.Expr | None, right: exp.Expr | None) -> bool:
    """Whether two values are of types that GoogleSQL does not bring together."""
    of_left, of_right = family(left), family(right)
    if of_left is None or of_right is None or of_left == of_right:
        return False
    return not (_reads_as(left, of_right) or _reads_as(right, of_left))


def _reads_as(node: exp.Expr | None, wanted: str) -> bool:
    return wanted in (_DATE, _TIMESTAMP) and _may_be_a_day(node)


def _may_be_a_day(node: exp.Expr | None) -> bool:
    """A text that is written down as a day, or is given, is read as one where one is needed."""
    node = node.unnest() if isinstance(node, exp.Paren) else node
    if isinstance(node, exp.Literal):
        return bool(node.is_string) and bool(_DAY.match(node.this))
    return node is not None and is_given(node) and family(node) is _TEXT
