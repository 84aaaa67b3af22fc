"""Builds the two servers of a real cluster that say what a job and its pod are, into `.cluster/`; `make kubernetes`
calls it, once, and it takes some twelve minutes of CPU.

They are Debian's: its source package of Kubernetes (API level 1.20), its Go, its etcd, fetched by apt from where this
machine fetches Debian, checked by apt's signatures, and unpacked in the folder: nothing is installed and no root is
needed. Debian's other packages of Kubernetes have no server in them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".cluster"
SERVERS = ("kube-apiserver", "kube-controller-manager")
ETCD = FOLDER / "root" / "usr" / "bin" / "etcd"
_TOOLS = ("golang-1.19-go", "golang-1.19-src", "etcd-server", "rsync", "libpopt0", "libxxhash0")
_CONFIGURED = Path("/etc/apt")


def build() -> None:
    if all((FOLDER / name).exists() for name in SERVERS) and ETCD.exists():
        return
    for tool in ("apt-get", "dpkg-source", "make", "jq"):
        if shutil.which(tool) is None:
            sys.exit(f"make kubernetes builds on Debian, and there is no {tool}: apt-get install apt dpkg-dev make jq")
    FOLDER.mkdir(exist_ok=True)
    apt = _own_apt()
    _call([*apt, "update"], FOLDER)
    _call([*apt, "download", *_TOOLS], FOLDER)
    for package in FOLDER.glob("*.deb"):
        _call(["dpkg", "-x", str(package), str(FOLDER / "root")], FOLDER)
    for left in FOLDER.glob("kubernetes-*"):
        shutil.rmtree(left)
    _call([*apt, "source", "kubernetes"], FOLDER)
    (source,) = (path for path in FOLDER.glob("kubernetes-*") if path.is_dir())
    for name in SERVERS:
        _call(["make", f"WHAT=cmd/{name}"], source, **_go())
        shutil.copy(source / "_output" / "bin" / name, FOLDER / name)
    shutil.rmtree(source)


def _own_apt() -> list[str]:
    """apt with lists of its own, and with sources beside packages."""
    lists, parts = FOLDER / "lists", FOLDER / "sources"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    parts.mkdir(exist_ok=True)
    for file in [_CONFIGURED / "sources.list", *(_CONFIGURED / "sources.list.d").glob("debian*")]:
        if file.exists():
            text = re.sub(r"^Types: deb$", "Types: deb deb-src", file.read_text(), flags=re.MULTILINE)
            text = re.sub(r"^(deb )(.*)$", r"deb \2\ndeb-src \2", text, flags=re.MULTILINE)
            (parts / file.name).write_text(text)
    own = {
        "Dir::Etc::SourceList": parts / "sources.list",
        "Dir::Etc::SourceParts": parts,
        "Dir::State::Lists": lists,
        "Dir::Cache": FOLDER / "cache",
    }
    (FOLDER / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    return ["apt-get", "--quiet", *(word for name, path in own.items() for word in ("-o", f"{name}={path}"))]


def _go() -> dict[str, str]:
    root = FOLDER / "root" / "usr"
    libraries = ":".join(str(path) for path in (root / "lib").glob("*-linux-gnu"))
    return {
        "GOROOT": str(root / "lib" / "go-1.19"),
        "PATH": f"{root / 'lib' / 'go-1.19' / 'bin'}:{root / 'bin'}:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": libraries,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-buildvcs=false",
        "GOCACHE": str(FOLDER / "go-cache"),
    }


def _call(command: list[str], folder: Path, **variables: str) -> None:
    with (FOLDER / "build.log").open("a") as log:
        print("$", *command, file=log, flush=True)
        code = subprocess.run(command, cwd=folder, env={**os.environ, **variables}, stdout=log, stderr=log).returncode
    if code:
        tail = "\n".join((FOLDER / "build.log").read_text().splitlines()[-15:])
        sys.exit(f"{' '.join(command[:3])} ... ended with {code}; {FOLDER / 'build.log'} ends so:\n{tail}")


if __name__ == "__main__":
    build()
