"""The model that serves: of the judged one's kind, fitted again on all examples, those of its judgement included.

The newest examples are the most like those to come, and on real mailings the largest of the year was in the test
window: leaving it out cost more than any setting. What was judged is kept beside it (`Model.judged`), because only that
can be compared with another model on the days of the test. A fifth of the customers teach nothing here either: they
say when to stop and what a score is worth.
"""

from __future__ import annotations

from recs_platform.models.calibration import fit_calibration
from recs_platform.models.data import Examples, NotTrainableError
from recs_platform.models.kinds import kind_named
from recs_platform.models.manifest import JudgedParts, judged_file, sha256, stored_features
from recs_platform.models.model import Model
from recs_platform.models.sampling import corrected
from recs_platform.models.training import fit_data, held_customers


def final_of(judged: Model, examples: Examples, threads: int = 1) -> Model:
    """The judged model itself where the customers apart, or all others, have nothing to tell."""
    manifest = judged.manifest
    kind, settings = kind_named(manifest.kind), manifest.settings
    held = held_customers(examples, settings.seed)
    apart = examples.where(held)
    if any(part.positives in (0, len(part)) for part in (apart, examples.where(~held))):
        return judged
    try:
        data = fit_data(examples, ~held, apart, settings)
    except NotTrainableError:
        return judged
    ranker, report = kind.fit(data, settings, threads)
    features = stored_features(data.encoding)
    names = [stored.name for stored in features]
    changed = {
        "format": 4,
        "features": features,
        "kept_negatives": data.kept,
        "importance": dict(zip(names, ranker.importance().tolist(), strict=True)),
        "fitted": report,
        "files": {kind.file: sha256(ranker.content()), judged_file(kind.file): manifest.files[kind.file]},
        "judged": JudgedParts(
            manifest.features,
            manifest.kept_negatives,
            manifest.calibration,
            manifest.importance,
            manifest.fitted,
            manifest.files[kind.file],
        ),
    }
    raw = corrected(ranker.raw_scores(data.validation[0]), data.kept)
    changed["calibration"] = fit_calibration(raw, apart.labels)
    return Model(manifest.model_copy(update=changed), ranker, judged.ranker)
