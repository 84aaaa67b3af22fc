"""A version of the platform that is loaded once, in a process of its own, which forks for each command: loading takes
longer than most commands.

Not here: what versions there are (next_version.py, conftest.py).
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import recs_platform_tests
from recs_platform_tests.cli.terminal import Ended, Terminal

PATIENCE = 600
_ROOT = Path(recs_platform_tests.__file__).parents[1]
_OF_A_RUN = ("recs_platform.definitions", "recs_platform.cli.progress", "recs_platform.automation.instance")
"""What a command that makes a day imports."""
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Forked:
    version: Loaded
    pid: int

    def code(self) -> int | None:
        """As subprocess says it; None while it works."""
        return self.version.ask({"look": self.pid})

    def ended(self) -> int:
        begun = time.monotonic()
        while (code := self.code()) is None:
            assert time.monotonic() - begun < PATIENCE, "the process does not end"
            time.sleep(0.02)
        return code


class Loaded:
    def __init__(self, folder: Path, *more: str) -> None:
        """Of the package that stands in a folder; `more` modules are loaded, too."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
        self._server = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()", *_OF_A_RUN, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**own, "PYTHONPATH": os.pathsep.join(map(str, dict.fromkeys((folder, _ROOT))))},
        )

    def close(self) -> None:
        """Nothing that it forked goes on."""
        self._server.communicate(timeout=PATIENCE)

    def fork(
        self, function: str, *arguments: object, folder: Path, out: Path, environment: Mapping[str, str]
    ) -> Forked:
        """Begin `module:function`, in this folder and with this environment, as a process that prints to `out` and
        to a file beside it, `.err`."""
        order = {"function": function, "arguments": arguments, "folder": str(folder), "out": str(out)}
        pid = self.ask({**order, "environment": dict(environment)})
        assert pid is not None
        return Forked(self, pid)

    def recs(self, terminal: Terminal, *arguments: str, **variables: str) -> Ended:
        out = terminal.folder / f"out-{next(_NUMBERS)}"
        environment = {**terminal.environment, **variables}
        command = self.fork(
            "recs_platform.cli:main", arguments, folder=terminal.folder, out=out, environment=environment
        )
        return Ended(command.ended(), out.read_text(), Path(f"{out}.err").read_text())

    def ask(self, order: Mapping[str, Any]) -> int | None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(f"{json.dumps(order)}\n")
        self._server.stdin.flush()
        answer: int | None = json.loads(self._server.stdout.readline())
        return answer


@contextmanager
def loaded(folder: Path = _ROOT, *more: str) -> Iterator[Loaded]:
    version = Loaded(folder, *more)
    try:
        yield version
    finally:
        version.close()


def serve() -> None:
    for module in sys.argv[1:]:
        importlib.import_module(module)
    working: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "look" in order:
            ended, status = os.waitpid(order["look"], os.WNOHANG)
            working.discard(ended)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        else:
            answer = os.fork()
            if not answer:
                _live(order)
            working.add(answer)
        print(json.dumps(answer), flush=True)
    for pid in working:
        os.kill(pid, signal.SIGKILL)


def _live(order: Mapping[str, Any]) -> None:
    code = 1
    try:
        for number, path in enumerate((os.devnull, order["out"], f"{order['out']}.err")):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        function: Callable[..., None] = pkgutil.resolve_name(order["function"])
        function(*order["arguments"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
