"""What compose.yaml says of its services, with the variables of .env filled in. Nothing of it is said here again.

Not here: what that means on a machine without containers (places.py), and running it (__main__.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<how>:?[-?])(?P<other>[^}]*))?\}|(?P<plain>\w+))")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_GRACE = "10s"


class NotSaidError(Exception):
    """A variable that must be set is not, or something in the file is not understood here."""


@dataclass(frozen=True)
class Check:
    """How a service is asked whether it is well."""

    command: tuple[str, ...]
    timeout: float
    start_seconds: float


@dataclass(frozen=True)
class Service:
    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    published: Mapping[int, int]
    """Its own port: the one on this machine."""
    mounts: Mapping[str, str]
    """A folder as the service sees it: the name of a volume, or a path of this machine. An empty one is temporary."""
    check: Check | None
    needs: Mapping[str, str]
    """Service: the condition under which this one may start."""
    restarts: bool
    grace: float


def services(file: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """All of the file's, those first that others need."""
    read: Any = _filled(yaml.safe_load(file.read_text()), variables)
    found = {name: _service(name, said) for name, said in read["services"].items()}
    ordered: dict[str, Service] = {}

    def add(name: str) -> None:
        for needed in found[name].needs:
            add(needed)
        ordered.setdefault(name, found[name])

    for name in found:
        add(name)
    return ordered


def variables_in(file: Path) -> dict[str, str]:
    """What a .env file sets: a line for each, without quotes."""
    lines = [line.strip() for line in file.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def filled(text: str, variables: Mapping[str, str]) -> str:
    """
    >>> filled("${A:-x} ${B:-x} $$C ${B-y}", {"B": ""})
    'x x $C '
    >>> filled("${A:?say it}", {})
    Traceback (most recent call last):
    ...
    compose_file.NotSaidError: A: say it
    """

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        name, how = found["name"] or found["plain"], found["how"] or ""
        value = variables.get(name)
        if value is None or (how.startswith(":") and not value):
            if how.endswith("?"):
                raise NotSaidError(f"{name}: {found['other']}")
            return found["other"] or ""
        return value

    return _VARIABLE.sub(value, text)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return filled(value, variables)
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    return [_filled(one, variables) for one in value] if isinstance(value, list) else value


def _service(name: str, said: Mapping[str, Any]) -> Service:
    command = said.get("command", [])
    if isinstance(command, str):
        raise NotSaidError(f"{name}: its command is a text; write a list")
    return Service(
        name,
        said["image"],
        tuple(map(str, command)),
        {key: str(value) for key, value in said.get("environment", {}).items()},
        {int(own): int(here) for _, here, own in (port.split(":") for port in said.get("ports", []))},
        _mounts(said),
        _check(said.get("healthcheck", {})),
        {needed: how["condition"] for needed, how in said.get("depends_on", {}).items()},
        said["restart"] == "unless-stopped",
        _seconds(said.get("stop_grace_period", _GRACE)),
    )


def _mounts(said: Mapping[str, Any]) -> dict[str, str]:
    volumes = [volume.split(":") for volume in said.get("volumes", [])]
    return {
        **{path.partition(":")[0]: "" for path in said.get("tmpfs", [])},
        **{own: here for here, own, *_ in volumes},
    }


def _check(said: Mapping[str, Any]) -> Check | None:
    if not said or said.get("disable"):
        return None
    kind, *words = said["test"]
    command = ("sh", "-c", words[0]) if kind == "CMD-SHELL" else tuple(map(str, words))
    return Check(command, _seconds(said["timeout"]), _seconds(said["start_period"]))


def _seconds(duration: str) -> float:
    """
    >>> _seconds("1m30s")
    90.0
    """
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", duration))
