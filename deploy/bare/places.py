"""Where things are on a machine without containers: every service on this machine under a port, every volume a folder.

The names of services, their ports and their folders are looked for in commands, variables, checks and the configuration
that is mounted. Not here: what is said in compose.yaml (compose_file.py).
"""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from compose_file import Service

HERE = "127.0.0.1"
Address = tuple[str, int]


@dataclass(frozen=True)
class Places:
    compose: Path
    """The folder of compose.yaml."""
    state: Path
    """All that is written is written below it."""
    ports: Mapping[Address, int]

    def folder(self, service: Service, own: str) -> Path:
        """Where a folder is that the service knows by a name of its own."""
        source = service.mounts[own]
        if not source:
            return self.state / "tmp" / service.name / own.strip("/").replace("/", "-")
        if not source.startswith((".", "/")):
            return self.state / "volumes" / source
        path = self.compose / source
        # Configuration names services: a copy of it names them as they are called here.
        return self.state / "etc" / service.name / path.name if self._is_configuration(path) else path

    def prepare(self, service: Service) -> None:
        for own, source in service.mounts.items():
            folder = self.folder(service, own)
            if source.startswith((".", "/")):
                if (original := self.compose / source) != folder:
                    self._copy(original, folder, service)
                elif not folder.exists():
                    folder.mkdir(mode=0o700, parents=True)
            else:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def translated(self, text: str, service: Service, *, ports: bool = False) -> str:
        """A text of the service's, as it has to be here; its own `ports` in a command alone, where a number is one."""
        known: list[tuple[str, Callable[[re.Match[str]], str]]] = [
            (rf"(?<![\w.-]){re.escape(name)}:{port}(?!\d)", lambda _, here=here: f"{HERE}:{here}")
            for (name, port), here in self.ports.items()
        ]
        known += [
            (rf"(?<![\w./-]){re.escape(own)}(?=$|[/\"'\s:;,)])", lambda _, own=own: str(self.folder(service, own)))
            for own in sorted(service.mounts, key=len, reverse=True)
        ]
        known.append((r"(?<![\d.])0\.0\.0\.0(?![\d.])", lambda _: HERE))
        if ports:
            of_service = {port: here for (name, port), here in self.ports.items() if name == service.name}
            known += [
                (rf"(?<![\d.]){port}(?![\d.])", lambda _, here=here: str(here)) for port, here in of_service.items()
            ]
        pattern = "|".join(f"(?P<g{number}>{one})" for number, (one, _) in enumerate(known))
        by_group = {f"g{number}": put for number, (_, put) in enumerate(known)}
        return re.sub(pattern, lambda found: by_group[str(found.lastgroup)](found), text)

    def environment(self, service: Service) -> dict[str, str]:
        return {name: self.translated(value, service) for name, value in service.environment.items()}

    def _is_configuration(self, path: Path) -> bool:
        return path.is_dir() and any(path.glob("*.yml"))

    def _copy(self, original: Path, folder: Path, service: Service) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        for file in folder.glob("*.yml"):
            file.write_text(self.translated(file.read_text(), service))


def addresses(services: Mapping[str, Service], compose: Path) -> set[Address]:
    """Services and ports that are published, or that anybody names."""
    found = {(service.name, own) for service in services.values() for own in service.published}
    texts = [text for one in services.values() for text in (*one.command, *one.environment.values())]
    mounted = {
        compose / source for one in services.values() for source in one.mounts.values() if source[:1] in (".", "/")
    }
    texts += [file.read_text() for folder in mounted if folder.is_dir() for file in sorted(folder.glob("*.yml"))]
    names = "|".join(map(re.escape, services))
    for text in texts:
        found |= {(name, int(port)) for name, port in re.findall(rf"(?<![\w.-])({names}):(\d+)(?!\d)", text)}
    return found


def as_written(services: Mapping[str, Service], wanted: set[Address]) -> dict[Address, int]:
    """The ports that are published, and otherwise the services' own."""
    return {(name, port): services[name].published.get(port, port) for name, port in sorted(wanted)}


def free_ports(wanted: set[Address]) -> dict[Address, int]:
    """For who starts several on one machine."""
    held = {address: socket.create_server((HERE, 0)) for address in sorted(wanted)}
    try:
        return {address: int(one.getsockname()[1]) for address, one in held.items()}
    finally:
        for one in held.values():
            one.close()
