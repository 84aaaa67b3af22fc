"""What is in the image: looked at as a registry would get it, every file of every layer."""

from __future__ import annotations

import re
import stat
from collections import Counter
from pathlib import Path

import pytest

import recs_platform
from recs_platform_tests.image.build import SECRET, Built
from recs_platform_tests.image.engine import Engine
from recs_platform_tests.image.layers import Pushed, biggest, part_of, pushed
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.image

_UNWANTED = {
    "of git, of an editor or of a machine": r"(^|/)\.(git|env|recs|dagster|venv|netrc|pypirc|aws|ssh|docker)[^/]*(/|$)",
    "pip's configuration or what it kept": r"(^|/)pip\.conf$|(^|/)\.cache/|(^|/)site-packages/pip/",
    "a compiler": r"/bin/([^/]*-)?(gcc|g\+\+|cc|c\+\+|clang|ld|as|make|rustc|cargo|go)(-[\d.]+)?$|/cc1$",
    "a package manager or another way to become root": r"/bin/(apt|apt-get|pip3?|sudo|gpgv)$|^var/lib/apt/lists/.",
    "a test": r"recs_platform_tests|/site-packages/(.*/)?tests/",
    "a key": r"\.key$|(^|/)id_(rsa|ed25519|ecdsa)$|service[-_]account.*\.json$",
}
_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s[A-Za-z0-9+/=\s]{200,}", re.MULTILINE)
_SET_ID = stat.S_ISUID | stat.S_ISGID


@pytest.fixture(scope="module")
@takes_seconds
def image_pushed(engine: Engine, image: Built, tmp_path_factory: pytest.TempPathFactory) -> Pushed:
    return pushed(engine, image.name, tmp_path_factory.mktemp("pushed"))


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("of git, of an editor or of a machine", "build/.git/config"),
        ("of git, of an editor or of a machine", "opt/recs/.env.production"),
        ("pip's configuration or what it kept", "etc/pip.conf"),
        ("a compiler", "usr/bin/x86_64-linux-gnu-gcc-12"),
        ("a package manager or another way to become root", "usr/bin/apt-get"),
        ("a test", "opt/recs/venv/lib/python3.11/site-packages/pandas/tests/test_a.py"),
        ("a key", "root/.ssh/id_ed25519"),
    ],
)
def test_what_is_unwanted_would_be_found(what: str, name: str) -> None:
    assert re.search(_UNWANTED[what], name)


def test_nothing_unwanted_is_in_any_layer(image_pushed: Pushed, figures: dict[str, str]) -> None:
    unwanted, secret, sizes, seen = list[str](), list[str](), Counter[str](), 0
    for entry, archive in image_pushed.files():
        name = entry.name.removeprefix("./")
        unwanted += [f"{what}: {name}" for what, pattern in _UNWANTED.items() if re.search(pattern, name)]
        if not entry.issym() and entry.mode & _SET_ID:
            unwanted.append(f"runs with somebody else's rights: {name}")
        if entry.isfile():
            seen += 1
            sizes[part_of(name)] += entry.size
            read = archive.extractfile(entry)
            content = read.read() if read else b""
            if SECRET.encode() in content or _PRIVATE_KEY.search(content):
                secret.append(name)
    assert seen > 5_000
    assert unwanted == []
    assert secret == []
    figures["size, as a registry keeps it"] = f"{image_pushed.packed_bytes / 1e6:.0f} MB"
    figures["size, unpacked"] = f"{sizes.total() / 1e6:.0f} MB"
    figures.update({f"  of which {part}": f"{size / 1e6:.0f} MB" for part, size in biggest(sizes, 14)})


def test_layers_that_change_with_every_version_are_small(image_pushed: Pushed) -> None:
    """A machine that has an earlier version fetches the last layer alone."""
    assert image_pushed.layers[-1].stat().st_size < image_pushed.packed_bytes / 20


def test_its_history_tells_no_secret(image_pushed: Pushed) -> None:
    assert SECRET not in str(image_pushed.config)
    assert "find-links" not in str(image_pushed.config)


def test_who_it_runs_as_and_with_what(image_pushed: Pushed) -> None:
    config = image_pushed.config["config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/usr/bin/tini", "--"]
    assert config["WorkingDir"] == "/opt/recs"
    assert list(config["Volumes"]) == ["/var/lib/recs"]
    assert {port.partition("/")[0] for port in config["ExposedPorts"]} == {"3000", "4000", "8000", "9464"}
    environment = dict(line.split("=", 1) for line in config["Env"])
    assert environment["PATH"].split(":")[0] == "/opt/recs/venv/bin"
    assert {name: value for name, value in environment.items() if name.startswith(("RECS_", "DAGSTER_", "XDG_"))} == {
        "RECS_HOME": "/var/lib/recs/home",
        "DAGSTER_HOME": "/var/lib/recs/dagster",
        "XDG_CACHE_HOME": "/var/lib/recs/cache",
    }
    assert not {name for name in environment if name.startswith(("PIP_", "SSL_"))}


def test_it_says_what_it_is(image_pushed: Pushed) -> None:
    labels = image_pushed.config["config"]["Labels"]
    told = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert told["title"] == "recs-platform"
    assert told["version"] == recs_platform.__version__
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", told["revision"])
    assert told["base.name"].endswith(":bookworm")


def test_the_shipped_files_are_those_of_the_checkout(image_pushed: Pushed) -> None:
    found = {}
    for entry, archive in image_pushed.files():
        if re.fullmatch(r"opt/recs/[a-z]+\.(yaml|py)", entry.name) and (read := archive.extractfile(entry)):
            found[Path(entry.name).name] = read.read()
    root = Path(__file__).parents[2]
    shipped = ("workspace.yaml", "dagster.yaml", "deploy/healthcheck.py")
    assert found == {Path(name).name: (root / name).read_bytes() for name in shipped}
