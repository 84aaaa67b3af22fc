"""Verdicts of checks that were judged in this process, for whoever asks the same of the same slices again: publication
need not judge once more what the run that makes the day has just judged.

A verdict is filed under all that it is made of: the check's text, its tolerance, the values, and the slices of every
table that it is shown, looked up before its query runs. No slice ever comes back under a name with other rows, so a
verdict that is found is what the check would say now. Nothing is stored: no verdict outlives the process, and so none
outlives the code that gave it. Not here: judging (check.py).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from recs_platform.warehouse.check import Check, CheckVerdict, judge, judge_all
from recs_platform.warehouse.protocol import BoundQuery, Warehouse

_MOST = 500
"""Those that were kept last; a day of a company has tens of them."""
_kept: OrderedDict[tuple[int, str], tuple[Warehouse, CheckVerdict]] = OrderedDict()
"""With the warehouse, whose number is no other one's while it is held."""


def judge_and_keep(
    warehouse: Warehouse, asked: Sequence[tuple[Check, BoundQuery]]
) -> tuple[CheckVerdict | Exception, ...]:
    """Judge them now, whatever was judged before."""
    made_of = [verdict_made_of(warehouse, check, bound) for check, bound in asked]
    judged = judge_all(warehouse, asked)
    for of, verdict in zip(made_of, judged, strict=True):
        if not isinstance(verdict, Exception):
            keep_verdict(warehouse, of, verdict)
    return judged


def judge_unless_kept(warehouse: Warehouse, check: Check, bound: BoundQuery) -> CheckVerdict:
    made_of = verdict_made_of(warehouse, check, bound)
    kept = kept_verdict(warehouse, made_of)
    if kept is not None:
        return kept
    verdict = judge(warehouse, check, bound)
    keep_verdict(warehouse, made_of, verdict)
    return verdict


def verdict_made_of(warehouse: Warehouse, check: Check, bound: BoundQuery) -> str:
    """What a verdict is of, in short. To be asked for before the check is judged; empty of one that is not kept."""
    if check.query.put_together or bound.incoming or bound.time_limit is not None:
        # The text does not say what runs, or the slices not what is read.
        return ""
    read = {*check.query.parameters, *check.counting.parameters}
    tolerance = check.tolerance if isinstance(check.tolerance, float) else bound.values[check.tolerance]
    parts = (
        # The text has the header, which says all that a check is but the value of a parameter.
        (check.name, check.query.text, tolerance),
        [(name, bound.values[name]) for name in sorted(read)],
        (bound.dataset, bound.company),
        [
            (view.name, view.spec, view.days, view.latest, *warehouse.slice_ids(bound.ref(view.spec), view.days))
            for view in bound.views
        ],
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def keep_verdict(warehouse: Warehouse, made_of: str, verdict: CheckVerdict) -> None:
    if not made_of:
        return
    _kept[id(warehouse), made_of] = warehouse, verdict
    _kept.move_to_end((id(warehouse), made_of))
    while len(_kept) > _MOST:
        _kept.popitem(last=False)


def kept_verdict(warehouse: Warehouse, made_of: str) -> CheckVerdict | None:
    _, verdict = _kept.get((id(warehouse), made_of), (None, None))
    return verdict
