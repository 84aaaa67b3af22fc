"""Versions as an earlier version of the platform left them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import text

from recs_platform.file_store.environment import open_files
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models import artifact
from recs_platform.models.challenge import ChallengeVerdict, challenge
from recs_platform.models.model import Model
from recs_platform_tests.models.worlds import linear, trained

MODEL = "offer_ranking"


def model(number: int) -> Model:
    candidate = trained(linear).candidate
    return replace(candidate, manifest=candidate.manifest.model_copy(update={"code_version": f"{number}"}))


def verdict() -> ChallengeVerdict:
    training = trained(linear)
    return challenge(training.candidate, None, training.test, 0.005)


def put_on_the_old_shelf(shelf: ModelShelf, folder: Path, versions: int = 2) -> None:
    """So many of them: rows without a repository, files as they are."""
    for number in range(1, versions + 1):
        kept = shelf.keep(MODEL, model(number), date(2026, 3, number), verdict())
        uri = f"metro/{MODEL}/{kept.digest.removeprefix('sha256:')}"
        artifact.save(model(number), folder / str(number))
        for file in (folder / str(number)).iterdir():
            open_files().write(f"models/{uri}/{file.name}", file.read_bytes())
        with shelf.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE model_config SET repository = NULL, tag = NULL, artifact_digest = NULL, uri = :uri "
                    "WHERE version = :version"
                ),
                {"uri": uri, "version": number},
            )
    files = open_files()
    files.remove(list(files.listed("artifacts")))
