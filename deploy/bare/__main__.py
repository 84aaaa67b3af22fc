"""Starts what deploy/compose.yaml says on a machine without containers: the same processes, with the same environment,
in the same order, asked the same way whether they are well.

    python deploy/bare [OPTIONS] up                     everything, until Ctrl-C or SIGTERM
    python deploy/bare [OPTIONS] run SERVICE COMMAND... a command with a service's environment, while `up` is running

What a container adds is not there: no limits of memory, no other user (but for PostgreSQL, which refuses root), no
network of its own. docs/compose.md says how to use it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from compose_file import NotSaidError, Service, services, variables_in
from keeper import Ended, Keeper, Started
from places import Places, addresses, as_written, free_ports
from programs import program

_COMPOSE = Path(__file__).parents[1] / "compose.yaml"
_PORTS = "ports.json"


def main() -> int:
    chosen = _arguments()
    state = chosen.state.absolute()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = variables_in(chosen.env_file) if chosen.env_file.exists() else {}
    try:
        found = services(_COMPOSE, {**given, **os.environ})
    except NotSaidError as error:
        raise SystemExit(f"{chosen.env_file}: {error}") from None
    if chosen.action == "run":
        return _run(found, state, *chosen.words)
    wanted = addresses(found, _COMPOSE.parent)
    ports = free_ports(wanted) if chosen.free_ports else as_written(found, wanted)
    (state / _PORTS).write_text(json.dumps([[name, port, here] for (name, port), here in ports.items()]))
    return _up(found, Places(_COMPOSE.parent, state, ports))


def _up(found: dict[str, Service], places: Places) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.getsignal(signal.SIGINT))
    keeper = Keeper()
    try:
        for service in found.values():
            keeper.wait_for(service.needs)
            started = _started(service, places)
            if started is None:
                _say(f"{service.name}: left out, there is no program of {service.image} here")
                continue
            keeper.start(started)
            _say(f"{service.name}: started{_address(service, places)}, {started.log}")
        keeper.wait_until_well(_say)
        _say("everything is started; Ctrl-C ends it")
        keeper.keep(_say)
        return 0
    except KeyboardInterrupt:
        return 0
    except Ended as error:
        _say(f"error: {error}")
        return 1
    finally:
        # Whoever presses Ctrl-C once more would leave processes behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        keeper.end_all(_say)


def _started(service: Service, places: Places) -> Started | None:
    """How a service is started here."""
    places.prepare(service)
    command = tuple(places.translated(word, service, ports=True) for word in service.command)
    own = {port: here for (name, port), here in places.ports.items() if name == service.name}
    data = next(
        (places.folder(service, one) for one, where in service.mounts.items() if where == service.name), places.state
    )
    how = program(service, command, data, next(iter(own.values()), 0), places.state / "bin")
    if how is None:
        return None
    asked = service.check.command if service.check else ()
    check = tuple(places.translated(word, service, ports=True) for word in asked)
    log = places.state / "logs" / f"{service.name}.log"
    log.parent.mkdir(exist_ok=True)
    return Started(service, how, check, _environment(service, places, how.folders), log)


def _environment(service: Service, places: Places, folders: tuple[Path, ...] = ()) -> dict[str, str]:
    path = [str(folder) for folder in (Path(sys.executable).parent, *folders)]
    temporary = {"TMPDIR": str(places.folder(service, "/tmp"))} if "/tmp" in service.mounts else {}  # noqa: S108
    return {
        "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
        "HOME": str(places.state / "tmp" / service.name),
        "LANG": "C.UTF-8",
        **temporary,
        **places.environment(service),
    }


def _run(found: dict[str, Service], state: Path, name: str, *command: str) -> int:
    ports = {(one, port): here for one, port, here in json.loads((state / _PORTS).read_text())}
    places = Places(_COMPOSE.parent, state, ports)
    places.prepare(found[name])
    return subprocess.run(command, env=_environment(found[name], places), check=False).returncode


def _address(service: Service, places: Places) -> str:
    shown = [f"http://127.0.0.1:{places.ports[service.name, port]}" for port in service.published]
    return f" on {' and '.join(shown)}" if shown else ""


def _say(text: str) -> None:
    print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python deploy/bare", description="deploy/compose.yaml without containers.")
    parser.add_argument("--env-file", type=Path, default=_COMPOSE.with_name(".env"), help="Default: deploy/.env.")
    parser.add_argument("--state", type=Path, default=Path(".bare"), help="Folder of everything written (.bare).")
    parser.add_argument("--free-ports", action="store_true", help="Not the ports that are written: any that are free.")
    parser.add_argument("action", choices=["up", "run"])
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="SERVICE COMMAND")
    chosen = parser.parse_args()
    if (chosen.action == "run") != (len(chosen.words) > 1):
        parser.error("write: up, or: run SERVICE COMMAND")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
