"""The page of a company's models: which version serves, how it compares with what it replaced and with yardsticks, and
what the service itself holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recs_platform.model_registry.registry import Registered
from recs_platform.models.manifest import short
from recs_platform.reporting.blocks import note, paragraph, table
from recs_platform.reporting.charts import Axis, Bar, bars, figure
from recs_platform.reporting.figures import NOTHING
from recs_platform.reporting.markup import Html, element
from recs_platform.serving.explorer.facts import Held, ModelFacts, Unknown
from recs_platform.serving.explorer.frame import models_path, page
from recs_platform.serving.explorer.parts import badge, facts, notice, section, shown

_FIGURES = {"roc_auc": "ROC AUC", "pr_auc": "PR AUC", "ndcg": "NDCG"}
_STATUSES = {"active": "good", "candidate": "plain", "retired": "plain"}


def models_page(company: str, models: Sequence[ModelFacts] | Unknown) -> str:
    return page(
        f"Models of {company}",
        element("h1", f"Models of {company}"),
        *_sections(models),
        company=company,
        here=models_path(company),
        has_models=bool(models),
    )


def _sections(models: Sequence[ModelFacts] | Unknown) -> Iterator[Html]:
    if isinstance(models, Unknown):
        yield notice(models.why)
    elif not models:
        yield paragraph("This company ranks without a model.")
    else:
        for number, model in enumerate(models):
            yield section(f"model-{number}", _title(model.name), *_model(model))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _model(model: ModelFacts) -> Iterator[Html]:
    if not model.versions:
        yield notice("No version is registered yet: no day had enough to learn from.")
        return
    active = next((version for version in model.versions if version.status == "active"), None)
    yield from _held(model.held, active)
    if active is None:
        yield notice("No version is active.")
    else:
        yield element("h3", f"Version {active.version} serves")
        yield facts(
            [
                ("Trained for", shown(active.as_of)),
                ("Active since", shown(active.activated_at)),
                ("By", shown(active.by)),
                ("Digest", short(active.digest)),
                ("Features", shown(len(active.features))),
                ("Artifact", shown(f"{active.repository}:{active.tag}" if active.repository else None)),
            ]
        )
        yield from _evidence(model, active)
    yield _versions(model)


def _held(held: Held, active: Registered | None) -> Iterator[Html]:
    """What the service has in its memory, beside what the registry says."""
    if held.version is None:
        yield note("The service itself has no version loaded. Lists were scored before they were published.")
    else:
        same = active is not None and active.digest == held.digest
        which = f"version {held.version} ({short(held.digest)}), loaded {shown(held.loaded_at)}"
        said = f"The service holds {which}; {shown(held.golden)}."
        yield notice(said, tone="good" if same else "attention")
        if active is not None and not same:
            yield notice(f"The registry's active version is {active.version} ({short(active.digest)}).")
    if held.refused:
        yield notice(f"Refused: {shown(held.refused)}")


def _evidence(model: ModelFacts, version: Registered) -> Iterator[Html]:
    """On the same examples, which none of them had seen."""
    yield element("h3", "How it was judged")
    yield paragraph(shown(version.words))
    candidate, champion = version.metrics.get("candidate") or {}, version.metrics.get("champion") or {}
    names = [name for name, value in candidate.items() if not isinstance(value, bool)]
    both = [candidate, champion] if champion else [candidate]
    rows = [[_FIGURES.get(name) or _title(name), *(_figure(one.get(name)) for one in both)] for name in names]
    if rows:
        headings = ["Figure", f"Version {version.version}"]
        if champion:
            headings.append("The active one then" if version.champion is None else f"Version {version.champion}")
        yield table("Figures on the same examples", headings, rows)
    comparisons: Mapping[str, Any] = version.metrics.get("comparisons") or {}
    leads = {name: found[model.leading] for name, found in comparisons.items() if found.get(model.leading)}
    drawn = [_difference(name, lead) for name, lead in leads.items() if lead.get("estimate") is not None]
    if drawn:
        told = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
        title = f"How far it is ahead, in {model.title}, with intervals"
        yield figure(
            bars(title, told, drawn, Axis(f"Difference in {model.title}; right of 0 it is better"), points=True)
        )


def _difference(name: str, lead: Mapping[str, Any]) -> Bar:
    return Bar(shown(name), lead["estimate"], f"{lead['estimate']:+.3f}", lead.get("low"), lead.get("high"))


def _versions(model: ModelFacts) -> Html:
    headings = ["Version", "Status", "Trained for", "Digest", "Activated", "By", model.title]
    rows = [
        [
            str(version.version),
            badge(version.status, _STATUSES.get(version.status, "plain")),
            shown(version.as_of),
            short(version.digest),
            shown(version.activated_at),
            shown(version.by),
            _figure((version.metrics.get("candidate") or {}).get(model.leading)),
        ]
        for version in model.versions
    ]
    return table("All versions", headings, rows, text_columns=6)


def _figure(value: Any) -> str:
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
