"""Several checks at once: those that are shown the same are counted by one query.

Not here: judging one (`check.py`), and the statement that counts several (`tally.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from recs_platform.clock import phase
from recs_platform.errors import TransientError
from recs_platform.timings import Phase
from recs_platform.warehouse.check import Check, CheckVerdict, judge, verdict_of
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Warehouse


def judge_all(warehouse: Warehouse, asked: Sequence[tuple[Check, BoundQuery]]) -> tuple[CheckVerdict | Exception, ...]:
    """Run several checks. Those that are shown the same are counted by one query, and only what finds something is
    judged by itself, for its examples. A check that cannot be judged has an error instead of a verdict."""
    from recs_platform.warehouse.tally import is_counted_at_once

    verdicts: dict[int, CheckVerdict | Exception] = {}
    at_once = [number for number, (check, _) in enumerate(asked) if is_counted_at_once(check)]
    for alike in _shown_alike([asked[number][1] for number in at_once]):
        numbers = [at_once[number] for number in alike]
        found = _counted_together(warehouse, [asked[number] for number in numbers]) if len(numbers) > 1 else {}
        verdicts |= {numbers[place]: verdict for place, verdict in found.items()}
    return tuple(
        verdicts[number] if number in verdicts else _judged(warehouse, *one) for number, one in enumerate(asked)
    )


def _shown_alike(bounds: Sequence[BoundQuery]) -> Iterable[Sequence[int]]:
    """The numbers of those that one query can stand for: a name means the same rows and values to all of them."""
    alike: list[tuple[dict[str, View], list[int]]] = []
    for number, bound in enumerate(bounds):
        views = {view.name: view for view in bound.views}
        for seen, numbers in alike:
            of_all = bounds[numbers[0]]
            same = (of_all.dataset, of_all.company, of_all.values) == (bound.dataset, bound.company, bound.values)
            if same and all(seen.get(name, view) == view for name, view in views.items()):
                seen |= views
                numbers.append(number)
                break
        else:
            alike.append((views, [number]))
    return [numbers for _, numbers in alike]


def _counted_together(
    warehouse: Warehouse, asked: Sequence[tuple[Check, BoundQuery]]
) -> dict[int, CheckVerdict | Exception]:
    """The verdicts of those that find nothing. If they cannot be counted together, each is left to itself: what one of
    them cannot do says nothing of the others."""
    from recs_platform.warehouse.tally import rows_of, tally, violations_of

    views = {view.name: view for _, bound in asked for view in bound.views}
    together = replace(asked[0][1], query=tally(tuple(check for check, _ in asked)), views=tuple(views.values()))
    try:
        names = ", ".join(check.name for check, _ in asked)
        with phase(Phase.CHECK, names), warehouse.run(together) as reader:
            (counted,) = reader.read_all().to_pylist()
    except TransientError as error:
        return dict.fromkeys(range(len(asked)), error)
    except Exception:
        return {}
    return {
        number: verdict_of(check, bound, 0, counted[rows_of(number)], [])
        for number, (check, bound) in enumerate(asked)
        if not counted[violations_of(number)]
    }


def _judged(warehouse: Warehouse, check: Check, bound: BoundQuery) -> CheckVerdict | Exception:
    try:
        return judge(warehouse, check, bound)
    except Exception as error:
        return error
