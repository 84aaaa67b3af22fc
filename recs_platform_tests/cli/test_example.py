"""`recs example`: asks before it installs, says what it cannot do, and writes all or nothing.

The data of a real example are 31 MB, so a small one stands in for it here; `make real` writes the real one.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from recs_platform.cli import example
from recs_platform_tests.cli.terminal import Terminal

_SCRIPT = """\
import sys, time
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "data").mkdir()
(folder / "data" / "orders.csv").write_text("order_id\\n1\\n")
while (Path(__file__).parents[1] / "wait").exists():
    time.sleep(0.01)
"""
_COMPANY = "# Next: recs companies check corner_shop\nname: corner_shop\n"
_MISSING = "no-such-package-of-examples>=1"


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One example, `shop`, whose data are installed."""
    folder = tmp_path / "examples"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop.py").write_text(_SCRIPT)
    (folder / "shop" / "corner_shop.yaml").write_text(_COMPANY)
    monkeypatch.setattr(example, "examples_folder", lambda: folder)
    needs(monkeypatch, "pytest>=8")
    return folder


def needs(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["pandas>=2", f'{package}; extra == "examples"'])


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_example_that_is_not_there_lists_those_that_are(terminal: Terminal) -> None:
    ended = terminal.recs("example", "nonsense")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == 'error: "nonsense" is not an example. Allowed: completejourney.\n'


def test_it_writes_the_companies_their_data_and_the_script(terminal: Terminal, examples: Path, tmp_path: Path) -> None:
    target = tmp_path / "my shop"
    ended = terminal.recs("example", "shop", str(target))
    assert ended.code == 0, ended.told
    assert written(target) == ["corner_shop.yaml", "data/orders.csv", "shop.py"]
    assert f"RECS_COMPANIES_DIR='{target}' recs companies check corner_shop" in ended.out.replace("\n", " ")


def test_a_second_time_nothing_is_written(terminal: Terminal, examples: Path, tmp_path: Path) -> None:
    target = tmp_path / "shop"
    terminal.recs("example", "shop", str(target))
    (target / "corner_shop.yaml").write_text("# mine\n# Next: recs run corner_shop\n")
    ended = terminal.recs("example", "shop", str(target))
    assert ended.code == 0
    assert "nothing was written" in ended.out
    assert "recs run corner_shop" in ended.out
    assert (target / "corner_shop.yaml").read_text().startswith("# mine")


def test_what_stands_in_the_way_is_left_alone(terminal: Terminal, examples: Path, tmp_path: Path) -> None:
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter1.txt").write_text("At first")
    ended = terminal.recs("example", "shop", str(target))
    assert ended.code == 2
    assert "is there already and is not this example; name another folder" in ended.err
    assert written(target) == ["chapter1.txt"]


def test_without_somebody_to_ask_nothing_is_installed(
    terminal: Terminal, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(monkeypatch, _MISSING)
    monkeypatch.setattr(example, "_install", lambda _: pytest.fail("nobody said yes"))
    ended = terminal.recs("example", "shop", str(tmp_path / "shop"))
    assert ended.code == 2
    assert ended.err.endswith("To have it installed: recs example shop --yes\n")
    assert not (tmp_path / "shop").exists()


class _SomebodyThere(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "installs"), [("n", False), ("", False), ("y", True)])
def test_somebody_is_asked(
    terminal: Terminal, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, installs: bool
) -> None:
    needs(monkeypatch, _MISSING)
    installed: list[str] = []
    monkeypatch.setattr(example, "_install", lambda packages: installed.extend(map(str, packages)))
    monkeypatch.setattr(sys, "stdin", _SomebodyThere(f"{answer}\n"))
    ended = terminal.recs("example", "shop", str(tmp_path / "shop"))
    assert ended.code == 0, ended.told
    assert f"The data of shop come in the package {_MISSING}" in ended.told
    assert installed == ([_MISSING] if installs else [])
    assert (tmp_path / "shop").exists() == installs


def test_no_index_is_told_as_such(
    terminal: Terminal, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(monkeypatch, _MISSING)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    ended = terminal.recs("example", "shop", str(tmp_path / "shop"), "--yes")
    assert ended.code == 1
    assert "the package index cannot be reached" in ended.err
    assert "secret" not in ended.told
    assert not (tmp_path / "shop").exists()


def test_a_package_that_is_not_there_is_told_as_such(
    terminal: Terminal, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(monkeypatch, _MISSING)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    ended = terminal.recs("example", "shop", str(tmp_path / "shop"), "--yes")
    assert ended.code == 2
    assert "could not be installed; nothing was written" in ended.err


@pytest.mark.slow
def test_ctrl_c_leaves_nothing(examples: Path, tmp_path: Path) -> None:
    place = tmp_path / "here"
    place.mkdir()
    (place / "wait").touch()
    code = (
        "import sys; from pathlib import Path; from recs_platform.cli import example, main; "
        f"example.examples_folder = lambda: Path({str(examples)!r}); "
        "example._data_packages = lambda: []; main(['example', 'shop'])"
    )
    started = subprocess.Popen([sys.executable, "-c", code], cwd=place, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not any(place.glob(".shop-*/data/orders.csv")):
            assert time.monotonic() < until
            assert started.poll() is None
            time.sleep(0.01)
        os.killpg(started.pid, signal.SIGINT)
        assert started.wait(60) == 130
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
    assert [path.name for path in place.iterdir()] == ["wait"]
