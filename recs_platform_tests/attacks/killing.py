"""Kills a process at a chosen call of the system that writes: the n-th of a kind, so that every one of them can be hit.

A first, undisturbed life is watched by strace, which says what it wrote below a folder; in the lives after it strace
kills at one of these calls, before it is carried out. Where strace is not there, or may not watch, kills fall at
moments that are spread over the time that the first life took.

Each life is a fork of one process that has loaded the platform (`Lives`), because loading takes longer than most work.
Not here: what is done in a life (kill_jobs.py).
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import recs_platform_tests

_WRITING = (
    "write,pwrite64,writev,pwritev,pwritev2,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,ftruncate,fallocate,fsync,fdatasync,copy_file_range,sendfile,openat"
)
_OPENS = ("openat",)
"""A call that opens a file writes only when it makes the file."""
_ANYBODY = -1
_ALLOW_TO_WATCH = 0x59616D61
"""PR_SET_PTRACER: some systems let a process be watched by its ancestors alone, and strace is none."""
_CALL = re.compile(r"(\d+)\s+(\w+)\(")


@dataclass(frozen=True)
class KillPoint:
    """The n-th call of a kind by a thread; without strace, a share of the time that the work takes."""

    call: str
    number: int
    share: float
    """Of everything that is written, or of the time."""

    def __str__(self) -> str:
        return f"{self.call} {self.number}"


@dataclass(frozen=True)
class Life:
    code: int
    """As a shell would say it; -9 of one that was killed."""
    out: str
    seconds: float


class Lives:
    """Processes that do one job each."""

    def __init__(self, module: str, folder: Path) -> None:
        self.module, self.folder = module, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve({module!r})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(recs_platform_tests.__file__).parents[1],
        )

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()

    def live(self, job: str, home: Path, watch: Sequence[str] = (), kill_after: float | None = None) -> Life:
        """Do a job to its end, watched by strace with these options, or for so many seconds."""
        out = self.folder / "out.txt"
        pid = int(self._ask({"job": job, "home": str(home), "out": str(out)}))
        with _watched(pid, watch) if watch else _unwatched():
            began = time.monotonic()
            os.kill(pid, signal.SIGUSR1)
            if kill_after is not None:
                time.sleep(kill_after)
                os.kill(pid, signal.SIGKILL)
            code = int(self._ask({"wait": pid}))
        return Life(code, out.read_text(errors="replace"), time.monotonic() - began)

    def points(self, job: str, home: Path) -> list[KillPoint]:
        """Where a job can be killed: one point for each call that writes below the folder that the home stands in."""
        trace = self.folder / "trace.txt"
        trace.unlink(missing_ok=True)
        watched = may_watch()
        life = self.live(job, home, ["-o", str(trace)] if watched else ())
        assert life.code == 0, life.out
        if not watched:
            return [KillPoint("after", int(life.seconds * number * 10), number / 100) for number in range(100)]
        return _distinct(list(_writes(trace.read_text(errors="replace").splitlines(), str(home.parent))))

    def killed(self, job: str, home: Path, point: KillPoint) -> Life:
        if point.call == "after":
            return self.live(job, home, kill_after=point.number / 1000)
        inject = f"inject={point.call}:signal=KILL:when={point.number}"
        return self.live(job, home, ["-e", inject, "-o", "/dev/null"])

    def _ask(self, order: dict[str, Any]) -> str:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(f"{json.dumps(order)}\n")
        self._server.stdin.flush()
        return self._server.stdout.readline()


def serve(module: str) -> None:
    """Forks a process for each job that it is asked for, and says how it ended. The process waits to be let go."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    jobs = importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif child := os.fork():
            print(child, flush=True)
        else:
            _live(getattr(jobs, order["job"]), Path(order["home"]), order["out"])


def _live(job: Any, home: Path, out: str) -> None:
    code = 1
    try:
        ctypes.CDLL(None).prctl(_ALLOW_TO_WATCH, _ANYBODY, 0, 0, 0)
        told = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(told, 1)
        os.dup2(told, 2)
        signal.sigwait({signal.SIGUSR1})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        code = job(home)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def may_watch() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def _watched(pid: int, options: Sequence[str]) -> Iterator[None]:
    command = ["strace", "-f", "-y", "-p", str(pid), "-e", f"trace={_WRITING}", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stderr
        assert "attached" in watcher.stderr.readline()
        yield


@contextmanager
def _unwatched() -> Iterator[None]:
    yield


def _writes(lines: Sequence[str], folder: str) -> Iterator[tuple[str, int]]:
    """Kind and number, in its thread, of every call that writes below the folder."""
    number: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if begun := _CALL.match(line):
            number[begun.groups()] += 1  # type: ignore[index]  # both groups are there
            thread, call = begun.groups()
            if folder in line and (call not in _OPENS or "O_CREAT" in line):
                yield call, number[thread, call]


def _distinct(writes: Sequence[tuple[str, int]]) -> list[KillPoint]:
    """Each once, though several threads may come so far: the first of them is hit."""
    seen = list(dict.fromkeys(writes))
    return [KillPoint(call, number, place / len(seen)) for place, (call, number) in enumerate(seen)]
