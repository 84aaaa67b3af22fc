"""The manifests as the real `kubectl kustomize` builds them, and what tests ask of their pods.

Not here: what the chart renders (test_chart.py).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform_tests.docs.console import ROOT

FOLDER = ROOT / "deploy" / "k8s"
PROGRAMS = ROOT / ".servers" / "bin"
VERSIONS = ("1.31", "1.37")
"""The oldest that the manifests are for, and the newest whose schemas there are."""
NAME, COMPONENT, STEP = "app.kubernetes.io/name", "app.kubernetes.io/component", "recs-platform/step"

Object = dict[str, Any]


@dataclass(frozen=True)
class Pod:
    owner: str
    """Kind and name of what makes it."""
    labels: dict[str, str]
    spec: Object

    @property
    def component(self) -> str:
        return self.labels[COMPONENT]

    @property
    def runs_on(self) -> bool:
        """Whether it is meant to run until somebody ends it."""
        return self.owner.startswith("Deployment/")

    @property
    def containers(self) -> list[Object]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)


def built_text(folder: Path) -> str:
    program = PROGRAMS / "kubectl"
    if not program.exists():
        pytest.fail("the tools of the tests are not installed: make test installs them")
    ended = run(str(program), "kustomize", str(folder))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def parsed(text: str) -> list[Object]:
    return [found for found in yaml.safe_load_all(text) if found]


@cache
def built(name: str) -> tuple[Object, ...]:
    """What a folder of deploy/k8s comes to."""
    return tuple(parsed(built_text(FOLDER / name)))


def one(objects: Sequence[Object], kind: str, name: str) -> Object:
    (found,) = [found for found in objects if (found["kind"], found["metadata"]["name"]) == (kind, name)]
    return found


def kinds(objects: Sequence[Object], kind: str) -> list[Object]:
    return [found for found in objects if found["kind"] == kind]


def pods(objects: Sequence[Object]) -> Iterator[Pod]:
    for found in objects:
        template = found.get("spec", {}).get("jobTemplate", found).get("spec", {}).get("template")
        if template:
            owner = f"{found['kind']}/{found['metadata']['name']}"
            yield Pod(owner, template["metadata"]["labels"], template["spec"])


def complaints(objects: Sequence[Object], version: str, folder: Path) -> str:
    """What the schemas of a version of Kubernetes say against them; unknown fields are told, too."""
    file = folder / "objects.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    judge = str(PROGRAMS / "kubernetes-validate")
    ended = run(judge, "-k", version, "--strict", "--quiet", str(file))
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0 or said, "it ended without a word"
    return said.strip()
