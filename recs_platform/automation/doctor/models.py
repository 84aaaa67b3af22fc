"""Whether the artifact of every active model is where the registry says: its tag is there and names its digest. The
content is not read here, which is `recs verify`'s; one store that does not answer is told once."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from recs_platform.automation.doctor.examined import Examined, ok, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.model_registry import registry
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.model_registry.inspection import ArtifactState, tag_of
from recs_platform.platform_db.tables import ModelStatus, ModelVersion


def examine(home: Home) -> Iterator[Examined]:
    of_active = select(ModelVersion.company, ModelVersion.model).where(ModelVersion.status == ModelStatus.ACTIVE)
    with Session(home.database) as session:
        models = session.execute(of_active.order_by(ModelVersion.company, ModelVersion.model)).all()
    artifacts = open_artifacts()
    for company, model in models:
        active = registry.active(home.database, company, model)
        if active is None:
            continue
        answer = tag_of(artifacts, active)
        what = f"{company}: version {active.version} of {model} is active"
        if answer.state is ArtifactState.WHOLE:
            yield ok(f"{what}, and its artifact is in {answer.repository}")
            continue
        yield wrong(f"{what}, but its artifact is not there: {answer.problem}", f"Follow it: recs trace {company}")
        if not answer.reachable:
            return
    if not models:
        yield ok("no model is active yet")
