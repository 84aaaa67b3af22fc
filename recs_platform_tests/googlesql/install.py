"""Installs Google's analyzer and reference executor of GoogleSQL into `.googlesql/`; `make googlesql` calls it.

They come as a package of npm, which is asked for by npm itself and proved by its hash. Only the server of this machine
and the description of its services are kept.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@fivetrandevelopers/zetasql@1.13.0"
SHA256 = "37db9c6dacd1d8f70b82428659fc716785d352705c9ac417ed96c66239a56796"
FOLDER = Path(__file__).parents[2] / ".googlesql"
SERVER, SERVICES = FOLDER / "server", FOLDER / "services.pb"
_INSIDE = "package/lib/zetasql/"


def install() -> None:
    from grpc_tools import protoc

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        package = fetched(Path(folder))
        with tarfile.open(package) as archive:
            wanted = f"{_INSIDE}{server_name(platform.system(), platform.machine())}"
            members = [m for m in archive if m.name == wanted or m.name.startswith(f"{_INSIDE}protos/")]
            archive.extractall(folder, members, filter="data")
        protos = Path(folder, _INSIDE, "protos")
        of_everybody = Path(protoc.__file__).with_name("_proto")
        described = [f"-I{protos}", f"-I{of_everybody}", "--include_imports", f"--descriptor_set_out={SERVICES}"]
        if protoc.main(["protoc", *described, "local_service.proto"]):
            sys.exit("the services of the analyzer could not be described")
        Path(folder, wanted).replace(SERVER)


def server_name(system: str, machine: str) -> str:
    """What the package calls the server of a machine."""
    arm = "_arm" if machine in ("aarch64", "arm64") else ""
    return f"remote_server{arm}{'.so' if system == 'Linux' else ''}"


def fetched(folder: Path) -> Path:
    """The package, as it was when its hash was written down."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("make googlesql needs npm, to fetch Google's analyzer. On Debian and Ubuntu: apt-get install npm")
    command = [npm, "pack", "--loglevel=error", "--ignore-scripts", f"--cache={folder / 'cache'}", PACKAGE]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"npm could not fetch {PACKAGE}: {ended.stderr.strip() or ended.stdout.strip()}")
    (package,) = folder.glob("*.tgz")
    with package.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        sys.exit(f"{PACKAGE} is not what it was: its SHA-256 is {digest}, and {SHA256} is expected")
    return package


if __name__ == "__main__":
    install()
