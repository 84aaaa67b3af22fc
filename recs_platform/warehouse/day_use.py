"""What a snapshot's query does with its day, read off its syntax tree by a small, closed set of rules.

The day comes in as `@as_of`, as the `as_of` of a snapshot that is read, and as the `source_day` of incoming rows. It
may go out as the date column of the result. It may be compared with a column of the only table of a SELECT: such a
comparison says the same of two days when every value of the column is from before both. Whether a feed comes with days
at all may be asked. Whatever else names the day, or might hand it on unnamed, is a reason to say that the rows depend
on it.

Not here: whether a comparison is settled (`pipeline/carrying.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlglot import exp

from recs_platform.schemas.landing import SOURCE_DAY
from recs_platform.warehouse.query_facts import DayUse

_DAY = "as_of"
_NAMES = frozenset({_DAY, SOURCE_DAY})
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def use_of_day(tree: exp.Query, stored: Collection[exp.Table]) -> DayUse:
    """`stored` are the tables of the tree that are no common table expressions."""
    settled = {id(node) for allowed in (*_date_columns(tree), *_asked_whether_dated(tree)) for node in allowed.walk()}
    compared = set[tuple[str, str]]()
    for comparison in tree.find_all(*_COMPARISONS):
        if found := _compared(comparison, stored):
            day, pair = found
            compared.add(pair)
            settled |= {id(node) for node in day.walk()}
    return DayUse(
        _other_use(tree, settled) or _whole_row(tree) or _natural_join(tree),
        tuple(sorted(compared)),
        tuple(sorted(_taken_whole(tree, stored))),
    )


def _date_columns(tree: exp.Query) -> Iterator[exp.Expr]:
    """The day where it is the date column of the result, in each branch of a union."""
    selects = list(_outermost(tree))
    names = selects[0].named_selects
    if names.count(_DAY) != 1:
        return
    place = names.index(_DAY)
    for select in selects:
        projection = select.expressions[place] if place < len(select.expressions) else None
        value = projection.this if isinstance(projection, exp.Alias) else projection
        if projection is not None and (_is_day_parameter(value) or _is_day_column(value)):
            yield projection


def _outermost(tree: exp.Expr) -> Iterator[exp.Select]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.Select):
            yield node
        elif isinstance(node, exp.SetOperation):
            waiting += [node.expression, node.this]
        elif isinstance(node, exp.Subquery):
            waiting.append(node.this)


def _asked_whether_dated(tree: exp.Query) -> Iterator[exp.Expr]:
    for node in tree.find_all(exp.Is):
        of_column = isinstance(node.expression, exp.Null) and isinstance(node.this, exp.Column)
        if of_column and node.this.name.lower() == SOURCE_DAY:
            yield node.this


def _compared(node: exp.Expr, stored: Collection[exp.Table]) -> tuple[exp.Expr, tuple[str, str]] | None:
    """Of a comparison of the day with a column of the only table of its SELECT: the day, the table and the column."""
    for day, other in ((node.this, node.expression), (node.expression, node.this)):
        column = other.this if _is_date_of(other) else other
        if not (_is_day_parameter(day) or _is_day_column(day)) or not isinstance(column, exp.Column):
            continue
        table = _only_table(node, stored)
        if table is None or column.name.lower() in _NAMES or _is_renamed(node, column.name):
            return None
        if any(isinstance(side, exp.Column) and side.table not in ("", table.alias_or_name) for side in (day, column)):
            return None
        return day, (table.name, column.name)
    return None


def _is_date_of(node: exp.Expr) -> bool:
    """`DATE(x)` of one argument: in another zone a day ends at another time."""
    return isinstance(node, exp.Date) and not any(given for name, given in node.args.items() if name != "this")


def _only_table(node: exp.Expr, stored: Collection[exp.Table]) -> exp.Table | None:
    select = node.find_ancestor(exp.Select)
    origin = select.args.get("from_") if select else None
    if select is None or origin is None or select.args.get("joins") or select.args.get("laterals"):
        return None
    return next((table for table in stored if table is origin.this and not table.args.get("joins")), None)


def _is_renamed(node: exp.Expr, name: str) -> bool:
    """Whether the SELECT gives something under this name, which might be meant."""
    select = node.find_ancestor(exp.Select)
    given = [one for one in select.expressions if isinstance(one, exp.Alias)] if select else []
    return any(one.alias.lower() == name.lower() for one in given)


def _is_day_parameter(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Parameter) and node.name.lower() == _DAY


def _is_day_column(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier) and node.name.lower() in _NAMES


def _other_use(tree: exp.Query, settled: Collection[int]) -> str:
    for node in tree.find_all(exp.Parameter, exp.Identifier):
        if node.name.lower() in _NAMES and id(node) not in settled:
            named = f"@{node.name}" if isinstance(node, exp.Parameter) else node.name
            return f"its rows depend on the day: it uses {named}"
    return ""


def _whole_row(tree: exp.Query) -> str:
    """A table's name where a column is expected is a row of it, the day included."""
    names = {one.alias_or_name.lower() for one in tree.find_all(exp.Table, exp.CTE, exp.Subquery)} - {""}
    for column in tree.find_all(exp.Column):
        if not column.table and column.name.lower() in names:
            return f"its rows may depend on the day: it uses {column.name} as a whole"
    return ""


def _natural_join(tree: exp.Query) -> str:
    natural = any(join.method.upper() == "NATURAL" for join in tree.find_all(exp.Join))
    return "its rows may depend on the day: it joins by whatever columns have one name" if natural else ""


def _taken_whole(tree: exp.Query, stored: Collection[exp.Table]) -> Iterator[str]:
    """The tables of which every column is taken, by a star."""
    for star in tree.find_all(exp.Star):
        if isinstance(star.parent, exp.Count):
            continue
        select = star.find_ancestor(exp.Select)
        if select is None:
            continue
        qualifier = star.parent.table if isinstance(star.parent, exp.Column) else ""
        for table in stored:
            if table.find_ancestor(exp.Select) is select and qualifier in ("", table.alias_or_name):
                yield table.name
