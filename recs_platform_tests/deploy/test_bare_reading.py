"""How deploy/bare reads compose.yaml, and what becomes of names, ports and folders.

Not here: running it (test_bare.py).
"""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from recs_platform_tests.docs.console import ROOT

BARE = ROOT / "deploy" / "bare"
FILE = ROOT / "deploy" / "compose.yaml"
_GIVEN = {"POSTGRES_PASSWORD": "of-pg", "REDIS_PASSWORD": "of-redis", "GRAFANA_PASSWORD": "of-grafana"}
_OWN = ("compose_file", "places", "programs", "keeper")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """As the script imports them; nobody else sees them."""
    monkeypatch.syspath_prepend(BARE)
    for name in _OWN:
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = {name: importlib.import_module(name) for name in _OWN}
    for name in _OWN:
        monkeypatch.setitem(sys.modules, name, found[name])
    return found


def test_examples_of_the_functions(modules: dict[str, ModuleType]) -> None:
    for module in modules.values():
        assert doctest.testmod(module).failed == 0
    assert doctest.testmod(modules["compose_file"]).attempted > 1


def test_variables_are_filled_in_and_those_come_first_whom_others_need(modules: dict[str, ModuleType]) -> None:
    read = modules["compose_file"].services(FILE, {**_GIVEN, "RECS_MEMORY_LIMIT": "1GiB"})
    names = list(read)
    for service in read.values():
        assert all(names.index(needed) < names.index(service.name) for needed in service.needs)
        assert "${" not in " ".join([*service.command, *service.environment.values(), *service.mounts.values()])
    assert read["code"].environment["RECS_DATABASE_URL"] == "postgresql://recs:of-pg@postgres:5432/recs"
    assert read["code"].environment["RECS_MEMORY_LIMIT"] == "1GiB"
    assert read["code"].environment["RECS_SLACK_TOKEN"] == ""
    assert (read["migrate"].restarts, read["code"].restarts) == (False, True)
    assert (read["postgres"].grace, read["webserver"].grace) == (120, 10)
    assert read["migrate"].check is None
    assert "exec valkey-server /tmp/redis.conf" in read["redis"].command[2]
    assert '"requirepass $REDIS_PASSWORD"' in read["redis"].command[2]


def test_names_ports_and_folders_are_this_machines(modules: dict[str, ModuleType], tmp_path: Path) -> None:
    read = modules["compose_file"].services(FILE, {**_GIVEN, "COMPANIES_FOLDER": "/srv/companies"})
    places = modules["places"]
    wanted = places.addresses(read, FILE.parent)
    assert {name for name, _ in wanted} == set(read) - {"migrate", "daemon"}
    ports = {address: 20_000 + number for number, address in enumerate(sorted(wanted))}
    here = places.Places(FILE.parent, tmp_path, ports)
    for service in read.values():
        # The UI's address is for people, who come from outside.
        environment = {name: value for name, value in here.environment(service).items() if name != "RECS_UI_URL"}
        asked = service.check.command if service.check else ()
        words = [here.translated(word, service, ports=True) for word in (*service.command, *asked)]
        text = "\n".join([*words, *environment.values()])
        assert not re.search(
            rf"\b({'|'.join(read)}):\d|0\.0\.0\.0|(?<!\d)(4000|3000|8000|9464|5432|6379|9090)(?!\d)", text
        )
        assert not re.search(r"(?<![\w./-])/(var|etc|data|tmp|prometheus)\b", text.replace(str(tmp_path), "STATE"))
    code, database = read["code"], ports["postgres", 5432]
    assert here.environment(code)["RECS_DATABASE_URL"] == f"postgresql://recs:of-pg@127.0.0.1:{database}/recs"
    assert here.environment(code)["RECS_COMPANIES_DIR"] == "/srv/companies"
    assert here.environment(code)["RECS_HOME"] == f"{tmp_path}/volumes/recs/home"
    assert here.environment(code)["DAGSTER_EVENT_BATCH_SIZE"] == "1000"
    here.prepare(read["prometheus"])
    configuration = (here.folder(read["prometheus"], "/etc/prometheus") / "compose.yml").read_text()
    assert f'targets: ["127.0.0.1:{ports["service", 8000]}"]' in configuration


def test_ports_are_those_of_the_file_unless_others_are_wanted(modules: dict[str, ModuleType]) -> None:
    read = modules["compose_file"].services(FILE, _GIVEN)
    places = modules["places"]
    wanted = places.addresses(read, FILE.parent)
    written = places.as_written(read, wanted)
    assert (written["grafana", 3000], written["webserver", 3000], written["postgres", 5432]) == (3001, 3000, 5432)
    assert len(set(written.values())) == len(written)
    assert len(set(places.free_ports(wanted).values())) == len(wanted)


def test_a_password_that_is_not_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("POSTGRES_PASSWORD=a\nREDIS_PASSWORD=\n")
    command = [sys.executable, str(BARE), "--env-file", str(tmp_path / "env"), "--state", str(tmp_path / "state"), "up"]
    own = {name: value for name, value in os.environ.items() if name not in _GIVEN}
    ended = subprocess.run(command, env=own, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"{tmp_path}/env: REDIS_PASSWORD: docs/compose.md says how to make passwords\n"
