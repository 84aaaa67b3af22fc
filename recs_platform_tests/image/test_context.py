"""What a build is sent: the sources, and nothing that somebody left beside or among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform_tests.image.build import LOCKS, PLANTED, SECRET, planted_context, sources
from recs_platform_tests.image.engine import Engine

pytestmark = pytest.mark.image

_EVERYTHING = "FROM scratch\nCOPY . /\n"


def test_only_what_the_image_is_made_of_is_sent(engine: Engine, tmp_path: Path) -> None:
    context = planted_context(tmp_path)
    sent = {str(path.relative_to(context)) for path in sent_files(engine, context, tmp_path)}
    needed = {path.relative_to(Path(__file__).parents[2]) for path in sources()}
    ours = {str(path) for path in needed if path.parts[0] != "deploy"}
    assert sent == ours | {f"deploy/{lock}" for lock in LOCKS} | {"deploy/healthcheck.py"}


def test_what_is_planted_would_be_seen(engine: Engine, tmp_path: Path) -> None:
    context = planted_context(tmp_path)
    (context / ".dockerignore").unlink()
    sent = {str(path.relative_to(context)) for path in sent_files(engine, context, tmp_path)}
    assert set(PLANTED) <= sent
    assert SECRET in (context / PLANTED[0]).read_text()


def sent_files(engine: Engine, context: Path, folder: Path) -> list[Path]:
    """As paths of the context."""
    (folder / "Everything").write_text(_EVERYTHING)
    name = "localhost/recs-context:sent"
    engine.buildah(
        "bud", "--quiet", "--layers=false", "--tag", name, "--file", folder / "Everything", context, signed=True
    )
    container = engine.buildah("from", "--pull-never", name, signed=True).strip()
    try:
        root = Path(engine.buildah("mount", container).strip())
        return [context / path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    finally:
        engine.buildah("rm", container)
        engine.buildah("rmi", name)
