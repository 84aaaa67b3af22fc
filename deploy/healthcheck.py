"""Asks the process of this container whether it is well: exit code 0, or 1 and why.

What is asked depends on the command that the container runs. Without any package, since it is started every half
minute. Not here: whether the platform is well, which `recs doctor` says.
"""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

_SECONDS = 5
_WEB = (3000, "/server_info")
_PAGES = {"dagster-webserver": _WEB, "ui": _WEB, "serve": (8000, "/health"), "metrics": (9464, "/metrics")}
_CODE_LOCATION = ("code-server", 4000)


def main(command: list[str]) -> str:
    """What is wrong, or nothing. Who listens on no port is well as long as it runs."""
    for word, (default, page) in _PAGES.items():
        if word in command:
            return _page(_port(command, default), page)
    word, default = _CODE_LOCATION
    return _port_is_open(_port(command, default)) if word in command else ""


def command_of_container() -> list[str]:
    """The arguments of the first process without the folders of programs, and of the command that `tini` runs."""
    words = Path("/proc/1/cmdline").read_bytes().decode(errors="replace").split("\0")
    return [Path(word).name for word in words]


def _port(command: list[str], default: int) -> int:
    """The one that the command names, or the usual one."""
    for before, word in pairwise(command):
        if before in ("-p", "--port") and word.isdecimal():
            return int(word)
    return default


def _page(port: int, page: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{page}", timeout=_SECONDS):
            return ""
    except (OSError, urllib.error.URLError) as error:
        return f"port {port}, {page}: {error}"


def _port_is_open(port: int) -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS):
            return ""
    except OSError as error:
        return f"port {port}: {error}"


if __name__ == "__main__":
    sys.exit(main(command_of_container()) or 0)
