"""The models that serve: of the judged ones' kinds, fitted again on all examples, those of their judgement included.

The newest examples are the most like those to come, and on real mailings the largest of the year was in the test
window: leaving it out cost more than any setting. What was judged is kept beside it (`Model.judged`), because only that
can be compared with another model on the examples of the test. Some teach nothing here either, by days a fifth of the
customers and by groups the validation's: they say when to stop and what a score is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from recs_platform.models.data import Examples, NotTrainableError, is_one_sided
from recs_platform.models.design import CHANCES_BY_DAYS, Design
from recs_platform.models.kinds import kind_named
from recs_platform.models.manifest import JudgedParts, judged_file
from recs_platform.models.model import Model
from recs_platform.models.ranker import FitData
from recs_platform.models.sampling import corrected
from recs_platform.models.training import fit_data, fit_fields


def finals_of(
    models: Sequence[Model], examples: Examples, design: Design = CHANCES_BY_DAYS, threads: int = 1
) -> tuple[Model, ...]:
    """For each model of a training the one that serves in its place. It is itself where the customers apart, or all
    others, have nothing to tell."""
    settings = models[0].manifest.settings
    held = design.split.apart(examples, settings)
    if is_one_sided(examples.labels[held]) or is_one_sided(examples.labels[~held]):
        return tuple(models)
    try:
        data = fit_data(examples, ~held, examples.where(held), settings, design.measure.length)
    except NotTrainableError:
        return tuple(models)
    return tuple(_final(model, data, design, threads) for model in models)


def _final(judged: Model, data: FitData, design: Design, threads: int) -> Model:
    manifest = judged.manifest
    kind = kind_named(manifest.kind)
    ranker, report = data.fitted(kind, manifest.settings, threads)
    own = fit_fields(kind, data, ranker, report)
    own["files"][judged_file(kind.file)] = manifest.files[kind.file]
    matrix, labels = data.validation
    own["calibration"] = design.measure.calibration(lambda: corrected(ranker.raw_scores(matrix), data.kept), labels)
    own["judged"] = JudgedParts(**{part.name: getattr(manifest, part.name) for part in fields(JudgedParts)})
    return Model(manifest.model_copy(update={**own, "format": max(4, manifest.format)}), ranker, judged.ranker)
