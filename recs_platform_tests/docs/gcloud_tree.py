"""What `gcloud` itself knows of its commands and options, where it is installed: the file that shells complete from.

Nothing is asked of Google, and `gcloud` is not started.
"""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class GcloudTree:
    root: Mapping[str, Any]

    def problems(self, words: Sequence[str]) -> list[str]:
        """What `gcloud` would not take of a command; the number of its arguments is not looked at."""
        return list(self._problems(words))

    def _problems(self, words: Sequence[str]) -> Iterator[str]:
        node, options = self.root, dict(self.root["flags"])
        rest = list(words)
        while node.get("commands") and rest and not rest[0].startswith("-"):
            name = rest.pop(0)
            if name not in node["commands"]:
                yield f"gcloud {' '.join(words)}: no {name}"
                return
            node = node["commands"][name]
            options.update(node.get("flags", {}))
        for word in rest:
            if not word.startswith("--"):
                continue
            name, _, value = word.partition("=")
            plain = name.replace("--no-", "--", 1)
            if name not in options and options.get(plain) != "bool":
                yield f"gcloud {' '.join(words)}: no option {name}"
            choices = options.get(name)
            if isinstance(choices, list) and value.lower() not in {str(one).lower() for one in choices}:
                yield f"gcloud {' '.join(words)}: {value} is none of {choices}"


def _installed() -> GcloudTree | None:
    program = shutil.which("gcloud")
    if program is None:
        return None
    file = Path(program).resolve().parents[1] / "data" / "cli" / "gcloud_completions.py"
    return GcloudTree(runpy.run_path(str(file))["STATIC_COMPLETION_CLI_TREE"]) if file.exists() else None


GCLOUD = _installed()
