"""One YAML file as keys and values, within limits: what a person writes, and nothing that YAML can do beyond.

No tags (they name types of a program), no nesting or repetition without end, no numbers or characters that nothing else
can hold. A ConfigError names file, line and column. Not here: what the keys mean (model.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from recs_platform.companies.problems import shown
from recs_platform.errors import ConfigError

_MOST_BYTES = 2_000_000
_DEEPEST = 30
_MOST_NODES = 200_000
_LONGEST_NUMBER = 40
_MERGE = "tag:yaml.org,2002:merge"
_LINE_ENDS = "\n\r\t"


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a file."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: is larger than {_MOST_BYTES // 1_000_000} MB, which no company file is.")
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else f"{path}"
        raise ConfigError(f"{where}: not valid YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError):
        raise ConfigError(f"{path}: not valid YAML: it has a character that is not text in UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: should be keys and values, such as `name: holley`, but is something else.")
    return content


class _Limits:
    """By the events of the parser: each is looked at before anything is made of it."""

    def __init__(self) -> None:
        self.sizes: dict[str | None, int] = {}
        self.open_anchors: list[tuple[str | None, int]] = []
        self.nodes = 0

    def look_at(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.open_anchors.pop()
            if anchor:
                self.sizes[anchor] = self.nodes - before
        elif isinstance(event, yaml.AliasEvent):
            # An alias to what is not closed yet has no size: the value would hold itself.
            if event.anchor not in self.sizes:
                raise _problem(f"there is nothing called *{event.anchor} before this", event)
            self.nodes += self.sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            if event.tag is not None:
                raise _problem(f"the tag {shown(event.tag)} is not allowed; write the plain value", event)
            self.nodes += 1
            if isinstance(event, yaml.ScalarEvent):
                _check_scalar(event)
                self.sizes[event.anchor] = 1
            else:
                self.open_anchors.append((event.anchor, self.nodes - 1))
        if len(self.open_anchors) > _DEEPEST:
            raise _problem(f"it is nested more than {_DEEPEST} deep", event)
        if self.nodes > _MOST_NODES:
            raise _problem(
                f"it has more than {_MOST_NODES:,} values, those that are repeated by * counted each time", event
            )


def _check_scalar(event: yaml.ScalarEvent) -> None:
    odd = next((c for c in event.value if c not in _LINE_ENDS and unicodedata.category(c) in ("Cc", "Cs")), None)
    if odd is not None:
        raise _problem(f"the text {shown(event.value)} has a character that is no text (U+{ord(odd):04X})", event)


def _problem(problem: str, at: yaml.Event | yaml.Node) -> yaml.MarkedYAMLError:
    mark: Any = at.start_mark  # of either parser, as the error's may be
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class _Loader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys in silence; here the second is an error. A date that the calendar does
    not have stays text, so that the model reports it at its key."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._limits = _Limits()

    def get_event(self) -> yaml.Event:
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
        self._limits.look_at(event)
        return event

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return super().construct_yaml_timestamp(node)
        except (ValueError, OverflowError):
            return node.value

    def construct_yaml_int(self, node: yaml.ScalarNode) -> Any:
        self._check_length(node)
        return super().construct_yaml_int(node)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> Any:
        self._check_length(node)
        return super().construct_yaml_float(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                raise _problem("the key << is not allowed; write the keys out", key_node)
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _problem(f"the key {shown(key)} is not text; quote it", key_node)
            if key in lines:
                raise _problem(f"the key {shown(key)} is there twice, first in line {lines[key]}", key_node)
            lines[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep)

    @staticmethod
    def _check_length(node: yaml.ScalarNode) -> None:
        if len(node.value) > _LONGEST_NUMBER:
            raise _problem(f"a number of {len(node.value):,} characters is too long; quote it if it is a text", node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
