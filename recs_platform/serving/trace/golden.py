"""The last link of a model: the service gets the golden rows of its artifact, and must score them as training did."""

from __future__ import annotations

import math
from pathlib import Path

from recs_platform.errors import UserError
from recs_platform.models import artifact
from recs_platform.models.golden import WITHIN
from recs_platform.models.golden_rows import GoldenRows
from recs_platform.models.manifest import short
from recs_platform.serving.trace.link import Link, Name, broken, ok, unknown
from recs_platform.serving.trace.service import HttpService, NoAnswerError, NoService, ServedModel


def golden_link(
    company: str,
    model: str,
    service: HttpService | NoService,
    folder: Path | None,
    digest: str | None,
    served: ServedModel | None,
) -> Link:
    """`folder` is the artifact's, `digest` the model's that should answer."""
    if isinstance(service, NoService) or served is None:
        return unknown(Name.GOLDEN, "not asked: the service does not say what it serves")
    if folder is None or digest is None:
        return unknown(Name.GOLDEN, "not asked: there is no artifact to compare with")
    if served.digest != digest:
        return unknown(Name.GOLDEN, "not asked: the service serves another model")
    try:
        golden = artifact.load(folder).golden
    except UserError as error:
        return broken(Name.GOLDEN, "the artifact cannot be loaded here", str(error), f"recs models {company}")
    if golden is None:
        return unknown(Name.GOLDEN, "the artifact has no golden rows: it was trained by an earlier version")
    rows = [dict(zip(golden.features, values, strict=True)) for values in golden.values]
    try:
        scores = service.score(company, model, rows)
    except NoAnswerError as error:
        return broken(Name.GOLDEN, error.seen, error.cause, error.command)
    if scores.digest != digest:
        seen = f"{short(scores.digest)} answered, although {short(digest)} is said to be served"
        return broken(Name.GOLDEN, seen, "several servers stand behind one address, and differ", "recs doctor")
    return judge(company, golden, scores.raw)


def judge(company: str, golden: GoldenRows, raw: tuple[float, ...]) -> Link:
    """Compare what was answered with what training stored."""
    count = len(golden)
    if len(raw) != count:
        return broken(Name.GOLDEN, f"{len(raw)} answers to {count} rows", "the service drops rows", "recs doctor")
    wrong = [at for at in range(count) if not math.isclose(raw[at], golden.raw[at], rel_tol=WITHIN, abs_tol=WITHIN)]
    if not wrong:
        return ok(Name.GOLDEN, f"{count} golden rows are scored as at training, within {WITHIN:g}")
    back = f"recs models rollback {company}"
    if count > 1 and max(raw) == min(raw):
        return broken(
            Name.GOLDEN, f"all {count} golden rows get the same score", "the service predicts constants", back
        )
    most = max(abs(raw[at] - golden.raw[at]) if math.isfinite(raw[at]) else math.inf for at in wrong)
    return broken(
        Name.GOLDEN,
        f"{len(wrong)} of {count} golden rows are scored otherwise than at training, by up to {most:.3g}",
        "the service runs other code or libraries than the training, or reads features otherwise",
        back,
    )
