"""What is known of an expression: its type, the texts that it may be, and which columns determine it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import reduce

from sqlglot import exp

from recs_platform.warehouse.proof.relation import UNKNOWN, Value, either
from recs_platform.warehouse.values import Values

_NOTHING = Value(None, frozenset())
"""NULL: of every type, and no text."""
_TYPES: Mapping[exp.DType, str] = {
    exp.DType.TEXT: "STRING",
    exp.DType.VARCHAR: "STRING",
    exp.DType.BIGINT: "INT64",
    exp.DType.INT: "INT64",
    exp.DType.DOUBLE: "FLOAT64",
    exp.DType.BOOLEAN: "BOOL",
    exp.DType.DATE: "DATE",
    exp.DType.TIMESTAMPTZ: "TIMESTAMP",
}
_OF_TYPE: Mapping[type[exp.Expr], str] = {
    exp.Count: "INT64",
    exp.CountIf: "INT64",
    exp.RowNumber: "INT64",
    exp.DateDiff: "INT64",
    exp.Concat: "STRING",
    exp.Lower: "STRING",
    exp.Upper: "STRING",
    exp.Trim: "STRING",
    exp.RegexpReplace: "STRING",
    exp.Date: "DATE",
    exp.DateAdd: "DATE",
    exp.DateSub: "DATE",
}
PLAIN = (
    *(
        exp.Column,
        exp.Literal,
        exp.Parameter,
        exp.Null,
        exp.Boolean,
        exp.Paren,
        exp.Cast,
        exp.Coalesce,
        exp.Case,
        exp.If,
    ),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.Not, exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul),
    *(exp.Concat, exp.Lower, exp.Upper, exp.Trim, exp.RegexpReplace, exp.Date, exp.DateDiff),
)
"""What gives the same for the same columns, and looks at no other row."""
_PARTS = (exp.Identifier, exp.Var, exp.DataType, exp.Star, exp.TableAlias)

ValueOf = Callable[[exp.Column], Value]


def is_plain(expression: exp.Expr) -> bool:
    return all(isinstance(node, (*PLAIN, *_PARTS)) for node in expression.walk())


def value_of(expression: exp.Expr, of_column: ValueOf, values: Values) -> Value:
    """What is known of an expression; a rule that does not know it says nothing."""
    match expression:
        case exp.Column():
            return of_column(expression)
        case exp.Paren() | exp.Min() | exp.Max() | exp.AnyValue():
            return _without_literal(value_of(expression.this, of_column, values))
        case exp.Null():
            return _NOTHING
        case exp.Literal() if expression.is_string:
            return Value("STRING", frozenset({expression.name}), expression.name)
        case exp.Literal():
            return Value("INT64") if expression.name.isdigit() else UNKNOWN
        case exp.Parameter():
            return _of_parameter(values.get(expression.name))
        case exp.Window():
            return Value("INT64") if isinstance(expression.this, exp.RowNumber | exp.Count) else UNKNOWN
        case exp.Cast() if type(expression) in (exp.Cast, exp.TryCast):
            return Value(_TYPES.get(expression.to.this))
        case exp.Case() | exp.If() | exp.Coalesce():
            known = [value_of(branch, of_column, values) for branch in _branches(expression)]
            return reduce(_one_of, known)
        case _:
            return Value(_OF_TYPE.get(type(expression)))


def _branches(expression: exp.Expr) -> Iterator[exp.Expr]:
    match expression:
        case exp.Case():
            yield from (branch.args["true"] for branch in expression.args["ifs"])
            yield expression.args.get("default") or exp.null()
        case exp.If():
            yield expression.args["true"]
            yield expression.args.get("false") or exp.null()
        case _:
            yield expression.this
            yield from expression.expressions


def _one_of(one: Value, other: Value) -> Value:
    if one is _NOTHING or other is _NOTHING:
        known = other if one is _NOTHING else one
        return _without_literal(known)
    return either(one, other)


def _without_literal(value: Value) -> Value:
    return value if value is _NOTHING else Value(value.type, value.words)


def _of_parameter(value: object) -> Value:
    match value:
        case bool():
            return Value("BOOL")
        case int():
            return Value("INT64")
        case str():
            return Value("STRING", frozenset({value}), value)
        case float():
            return Value("FLOAT64")
        case date():
            return Value("DATE")
        case _:
            return UNKNOWN
