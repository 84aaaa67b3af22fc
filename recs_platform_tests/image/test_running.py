"""The platform inside its image, as a cluster would run it: not root, a root file system that nobody can write to, no
rights, and no network. One company's days and all servers, on the volume that the demo filled."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import recs_platform
from recs_platform_tests.image.build import Built
from recs_platform_tests.image.engine import USER, Container, Engine
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.image

_CODE = ("dagster", "code-server", "start", "-h", "0.0.0.0", "-p", "4000", "-m", "recs_platform.definitions")
_AT_CODE = ("--grpc-host", "127.0.0.1", "--grpc-port", "4000")
_LIVENESS = ("python3", "-m", "dagster._daemon", "liveness-check")
_HEALTH = ("/usr/bin/python3", "-I", "-S", "/opt/recs/healthcheck.py")
_WRITE = "import pathlib, sys; pathlib.Path(sys.argv[1], 'written').write_text('here')"


@pytest.fixture(scope="module")
@takes_seconds
def demo(engine: Engine, image: Built, volume: Path, figures: dict[str, str]) -> CompletedProcess[str]:
    """On a volume that is empty."""
    begun = time.monotonic()
    ended = engine.run(image.name, "recs", "demo", "--json", volume=volume)
    figures["time of recs demo"] = f"{time.monotonic() - begun:.0f} s"
    return ended


@contextmanager
def timed_until_ready(figures: dict[str, str], what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    figures[f"start until ready: {what}"] = f"{time.monotonic() - begun:.1f} s"


def test_it_is_what_it_says(engine: Engine, image: Built, volume: Path, figures: dict[str, str]) -> None:
    with timed_until_ready(figures, "recs --version"):
        ended = engine.run(image.name, "recs", "--version", volume=volume)
    assert (ended.returncode, ended.stdout) == (0, f"recs {recs_platform.__version__}\n")
    assert engine.run(image.name, volume=volume).stdout.count("demo") > 0


@pytest.mark.parametrize("folder", ["/", "/opt/recs", "/opt/recs/venv/lib/python3.11/site-packages", "/etc", "/root"])
def test_nothing_but_the_volume_can_be_written(engine: Engine, image: Built, volume: Path, folder: str) -> None:
    ended = engine.run(image.name, "python3", "-c", _WRITE, folder, volume=volume)
    assert ended.returncode == 1
    assert "Read-only file system" in ended.stderr or "Permission denied" in ended.stderr


@pytest.mark.parametrize("folder", ["/var/lib/recs", "/tmp"])
def test_what_must_be_written_can_be(engine: Engine, image: Built, volume: Path, folder: str) -> None:
    ended = engine.run(image.name, "python3", "-c", _WRITE, folder, volume=volume)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_it_is_not_root_and_cannot_become_it(engine: Engine, image: Built, volume: Path) -> None:
    status = engine.run(image.name, "cat", "/proc/self/status", volume=volume).stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {str(USER)}
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
    assert facts["NoNewPrivs"] == "1"


def test_nothing_is_compiled_at_a_start(engine: Engine, image: Built, volume: Path) -> None:
    """Bytecode of every module is in the image, in the form that is not compared with its source."""
    missing = (
        "import importlib.util as u, pathlib, sysconfig\n"
        "for path in pathlib.Path(sysconfig.get_path('purelib')).rglob('*.py'):\n"
        "    made = pathlib.Path(u.cache_from_source(str(path)))\n"
        "    if not made.exists() or made.read_bytes()[4:8] != b'\\x01\\0\\0\\0': print(path)\n"
    )
    ended = engine.run(image.name, "python3", "-c", missing, volume=volume)
    assert ended.returncode == 0
    assert [line for line in ended.stdout.splitlines() if "/recs_platform/" in line] == []
    # Templates and sources of other versions of Python, which no Python 3 can compile.
    assert len(ended.stdout.splitlines()) < 20


def test_the_demo_runs(demo: CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout[-4_000:] + demo.stderr[-4_000:]
    assert len({run["company"] for run in json.loads(demo.stdout)}) == 4


def test_a_day_of_the_demo_is_made_again_by_another_container(
    demo: CompletedProcess[str], engine: Engine, image: Built, volume: Path
) -> None:
    day = max(run["last"] for run in json.loads(demo.stdout) if run["company"] == "acme")
    ended = engine.run(image.name, "recs", "run", "acme", "--date", day, volume=volume)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.usefixtures("demo")
def test_the_doctor_tells_truly_what_is_there(engine: Engine, image: Built, volume: Path) -> None:
    well = engine.run(image.name, "recs", "doctor", volume=volume)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "/var/lib/recs/home" in well.stdout.replace("\n", "")


def test_the_doctor_tells_truly_what_is_wrong(engine: Engine, image: Built, tmp_path: Path) -> None:
    """A volume that belongs to somebody else."""
    tmp_path.chmod(0o755)
    ended = engine.run(image.name, "recs", "doctor", volume=tmp_path)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "/var/lib/recs" in ended.stdout.replace("\n", "")


@pytest.mark.usefixtures("demo")
def test_the_service_answers_and_ends_when_asked(
    engine: Engine, image: Built, volume: Path, figures: dict[str, str]
) -> None:
    key = engine.run(image.name, "recs", "keys", "new", "acme", volume=volume)
    assert key.returncode == 0, key.stdout + key.stderr
    with engine.started(image.name, "recs", "serve", "--host", "0.0.0.0", "--port", "8000", volume=volume) as service:
        with timed_until_ready(figures, "recs serve"):
            health = json.loads(service.page(8000, "/health"))
        assert health
        assert service.answer(*_HEALTH) == ""
        assert service.stop() == 0


@pytest.mark.usefixtures("demo")
def test_dagsters_processes_find_each_other(
    engine: Engine, image: Built, volume: Path, figures: dict[str, str]
) -> None:
    """Code location, web server and daemon, each in a container of its own."""
    with engine.started(image.name, *_CODE, volume=volume) as code:
        with timed_until_ready(figures, "code location"):
            code.answer("dagster", "api", "grpc-health-check", "-p", "4000")
        beside = f"container:{code.name}"
        web = ("dagster-webserver", "-h", "0.0.0.0", "-p", "3000", *_AT_CODE)
        daemon = ("dagster-daemon", "run", *_AT_CODE)
        with (
            engine.started(image.name, *web, volume=volume, network=beside) as webserver,
            engine.started(image.name, *daemon, volume=volume, network=beside) as daemon_container,
        ):
            with timed_until_ready(figures, "webserver"):
                assert "dagster_webserver_version" in webserver.page(3000, "/server_info")
            assert assets(webserver) > 100
            daemon_container.answer(*_LIVENESS)
            for container in (code, webserver, daemon_container):
                assert container.answer(*_HEALTH) == ""
            assert webserver.stop() == 0


def test_who_does_not_answer_is_not_healthy(engine: Engine, image: Built, volume: Path) -> None:
    """A first process that calls itself the service, and listens nowhere."""
    words = ("sh", "-c", "while :; do sleep 1; done", "serve")
    with engine.started(image.name, *words, volume=volume) as container:
        ended = container.answer("sh", "-c", f"{' '.join(_HEALTH)} 2>&1; echo $?")
    assert ended.splitlines()[-1] == "1"
    assert "port 8000" in ended


def assets(webserver: Container) -> int:
    """How many the web server shows: it has asked the code location."""
    ask = (
        "import json, urllib.request as r\n"
        "query = json.dumps({'query': '{ assetNodes { id } }'}).encode()\n"
        "request = r.Request('http://127.0.0.1:3000/graphql', query, {'Content-Type': 'application/json'})\n"
        "print(len(json.load(r.urlopen(request, timeout=60))['data']['assetNodes']))\n"
    )
    return int(webserver.answer("python3", "-I", "-S", "-c", ask))
