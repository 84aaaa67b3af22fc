"""The image of this checkout, built from deploy/Dockerfile as anybody would build it.

No registry of images is needed: Debian's base is made by debootstrap. Packages are downloaded by this machine's pip,
with whatever configuration it has, and handed to the build as a folder. What is built is kept under `.image/`; a second
call with the same files builds nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import recs_platform
from recs_platform_tests.image.engine import Engine, EngineError, called

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".image"
SUITE = "bookworm"
BASE = f"localhost/debian:{SUITE}"
IMAGE = f"localhost/recs-platform:{recs_platform.__version__}"
SECRET = "planted-6f1c2d9b8a"
"""Stands in files that somebody left in the checkout, and in pip's configuration; it must arrive nowhere."""
PLANTED = (
    *(".env", ".git/config", ".recs/home/key", ".venv/pyvenv.cfg", "deploy/.env", "secret.pem", "pip.conf"),
    *("recs_platform/.env", "recs_platform/cli/.env.production", "sql/.netrc", "examples/.pypirc"),
)
LOCKS = ("requirements.lock", "requirements-build.lock")
_SOURCES = (
    "recs_platform",
    "sql",
    "examples",
    "deploy",
    "pyproject.toml",
    "README.md",
    "dagster.yaml",
    "workspace.yaml",
)
_Made = TypeVar("_Made")
_PIP_CONFIGURATION = f"# {SECRET}\n[global]\nno-index = true\nfind-links = /mnt\ndisable-pip-version-check = true\n"


@dataclass(frozen=True)
class Built:
    name: str
    seconds: dict[str, float]
    """By part of the building; nothing where it was there already."""


def build(engine: Engine) -> Built:
    key, seconds = _key(), dict[str, float]()
    name = f"{IMAGE}-{key}"
    if engine.exists(name):
        return Built(name, seconds)
    with ThreadPoolExecutor(2) as both:
        base, wheels = both.submit(_timed, base_image, engine), both.submit(_timed, download)
        (seconds["base"], _), (seconds["download"], folder) = base.result(), wheels.result()
    with tempfile.TemporaryDirectory(prefix="recs-image-") as temporary:
        context = planted_context(Path(temporary))
        begun = time.monotonic()
        _build(engine, context, folder, name)
        seconds["build"] = time.monotonic() - begun
    return Built(name, seconds)


def planted_context(folder: Path) -> Path:
    """A copy of the sources, with what must not get into an image beside and inside them."""
    context = folder / "context"
    context.mkdir()
    for source in sources():
        target = context / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    shutil.copy2(ROOT / ".dockerignore", context)
    for name in PLANTED:
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(SECRET)
    return context


def sources() -> Iterator[Path]:
    """Files of the checkout that a build may look at."""
    for name in _SOURCES:
        path = ROOT / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and file.suffix != ".pyc")


def base_image(engine: Engine) -> None:
    """Debian with nothing but what it cannot do without: what debian:bookworm-slim holds, by Debian's own program."""
    if engine.exists(BASE):
        return
    with tempfile.TemporaryDirectory(prefix="recs-image-", dir=FOLDER) as temporary:
        root = Path(temporary) / "root"
        _retried(lambda: _debootstrap(root))
        for left in (*root.glob("var/cache/apt/**/*.*"), *root.glob("var/lib/apt/lists/*_*")):
            left.unlink()
        for source in Path("/etc/apt/sources.list.d").glob("debian.sources"):
            # With the changes for security since the release.
            shutil.copy2(source, root / "etc/apt/sources.list.d")
            (root / "etc/apt/sources.list").unlink()
        container = engine.buildah("from", "scratch").strip()
        engine.buildah("add", "--quiet", container, root, "/")
        engine.buildah("commit", "--quiet", container, BASE, signed=True)
        engine.buildah("rm", container)


def _debootstrap(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    called("debootstrap", "--variant=minbase", SUITE, root)


def download() -> Path:
    """The packages of the image, from wherever this machine has them; hashes are looked at here and in the build."""
    wheels = FOLDER / "wheels"
    for lock in LOCKS:
        # Of Debian's Python, whichever runs this.
        chosen = ("--only-binary=:all:", "--python-version=3.11", "--no-deps", "--require-hashes")
        how = ("--quiet", "--no-input", "--disable-pip-version-check", *chosen)
        words = (sys.executable, "-m", "pip", "download", *how, "-r", ROOT / "deploy" / lock, "-d", wheels)
        _retried(lambda words=words: called(*words))  # type: ignore[misc]
    return wheels


def _build(engine: Engine, context: Path, wheels: Path, name: str) -> None:
    configuration = context.parent / "pip.conf"
    configuration.write_text(_PIP_CONFIGURATION)
    arguments = {"BASE": BASE, "VERSION": recs_platform.__version__, "REVISION": _revision()}
    _retried(
        lambda: engine.buildah(
            *("bud", "--pull-never", "--format=docker", "--layers"),
            *(word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")),
            *(f"--secret=id=pip.conf,src={configuration}", f"--volume={wheels}:/mnt:ro"),
            *("--tag", name, "--file", context / "deploy/Dockerfile", context),
            signed=True,
        ),
        attempts=2,
    )


def _key() -> str:
    """Of every file that a build may look at, this one included."""
    digest = hashlib.sha256()
    for path in (*sources(), ROOT / ".dockerignore", Path(__file__)):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _revision() -> str:
    words = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _retried(act: Callable[[], object], attempts: int = 4) -> None:
    """Mirrors and indexes are away for moments."""
    for attempt in range(1, attempts):
        try:
            act()
            return
        except EngineError:
            time.sleep(5 * attempt)
    act()


def _timed(act: Callable[..., _Made], *arguments: object) -> tuple[float, _Made]:
    begun = time.monotonic()
    made = act(*arguments)
    return time.monotonic() - begun, made
