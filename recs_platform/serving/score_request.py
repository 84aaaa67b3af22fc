"""What `POST /score` is sent, judged by hand: ten thousand pairs are looked at in a few milliseconds.

Not here: rows of features, which the model judges (models/scoring.py), and the answer (routes/score.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recs_platform.serving.given import MOST_PROBLEMS
from recs_platform.serving.models.lookup import Pair
from recs_platform.serving.models.scoring import MOST_EXPLAINED, MOST_PAIRS
from recs_platform.serving.problems import invalid

_FIELDS = ("company", "model", "pairs", "rows", "explain")
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class ScoreRequest:
    company: str | None
    model: str | None
    pairs: Sequence[Any] | None
    rows: Sequence[Mapping[str, Any]] | None
    """One of the two."""
    explain: bool


def score_request(body: Any) -> ScoreRequest:
    """Everything but what the company's model alone knows: how pairs and rows look. A Problem says what to correct."""
    if not isinstance(body, dict):
        raise invalid([("body", "It should be an object.")])
    problems = [(f"body.{name[:_LONGEST_SHOWN]}", "There is no such field.") for name in body if name not in _FIELDS]
    problems += [
        (f"body.{name}", "It should be a text.")
        for name in ("company", "model")
        if not isinstance(body.get(name), str | None)
    ]
    if not isinstance(body.get("explain", False), bool):
        problems.append(("body.explain", "It should be true or false."))
    pairs, rows = body.get("pairs"), body.get("rows")
    if ("pairs" in body) == ("rows" in body):
        problems.append(("body", "It should have either `pairs` or `rows`."))
    else:
        problems += _of_list(*(("pairs", pairs) if "pairs" in body else ("rows", rows)), body.get("explain"))
    if problems:
        raise invalid(problems)
    return ScoreRequest(body.get("company"), body.get("model"), pairs, rows, body.get("explain", False))


def pairs_of(request: ScoreRequest, subjects: Sequence[str], longest: int) -> list[Pair]:
    """A customer and an item each, under the names that the company's tables have."""
    customer, item = subjects
    wanted, problems, pairs = {customer, item}, list[tuple[str, str]](), list[Pair]()
    for at, pair in enumerate(request.pairs or ()):
        if type(pair) is not dict or pair.keys() != wanted:
            problems.append((f"body.pairs.{at}", f"It should be an object of {customer} and {item}, and nothing else."))
        else:
            one, other = pair[customer], pair[item]
            if _is_id(one, longest) and _is_id(other, longest):
                pairs.append((one, other))
                continue
            problems += [
                (f"body.pairs.{at}.{name}", f"It should be a text of 1 to {longest:,} characters, none of them NUL.")
                for name, value in ((customer, one), (item, other))
                if not _is_id(value, longest)
            ]
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise invalid(problems)
    return pairs


def _is_id(value: Any, longest: int) -> bool:
    # Databases keep every character but NUL.
    return type(value) is str and 0 < len(value) <= longest and "\0" not in value


def _of_list(name: str, values: Any, explain: Any) -> list[tuple[str, str]]:
    if not isinstance(values, list) or not values:
        return [(f"body.{name}", "It should be a list of at least one.")]
    if len(values) > MOST_PAIRS:
        return [(f"body.{name}", f"It has {len(values):,}, of at most {MOST_PAIRS:,}. Send several requests.")]
    if explain is True and len(values) > MOST_EXPLAINED:
        return [("body.explain", f"At most {MOST_EXPLAINED:,} are explained at once. Send several requests.")]
    if name == "rows":
        wrong = [at for at, row in enumerate(values) if type(row) is not dict]
        return [(f"body.rows.{at}", "It should be an object of features.") for at in wrong[:MOST_PROBLEMS]]
    return []
