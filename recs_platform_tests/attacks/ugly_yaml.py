"""Ugly company files: what YAML allows and nobody wants, and values at the ends of their ranges and beyond."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from recs_platform_tests.attacks.ugly_shop import Attack, Refused, content, from_file

_GOOD = yaml.safe_dump(content(), sort_keys=False)
_ROWS = (("i1", 2.5),)


def yaml_attacks() -> Iterator[Attack]:
    for name, text in _texts().items():
        yield Attack(f"YAML {name}", _written(text), rows=_ROWS if name in _HARMLESS else Refused)
    for key in (
        "start_date",
        "currency",
        "timezone",
        "name",
        "dataset",
        "simulation",
        "parameters",
        "serving",
        "sources",
    ):
        for name, value in _VALUES.items():
            yield Attack(f"YAML {key}: {name}", _written(_with(key, value)))
    for name, value in _VALUES.items():
        for key in ("active_window_days", "rejected_tolerance", "planned_arm_shares", "releases"):
            yield Attack(f"YAML {key}: {name}", _written(f"{_GOOD}parameters: {{{key}: {value}}}\n"))
        yield Attack(f"YAML seed: {name}", _written(f"{_GOOD}simulation: {{seed: {value}}}\n"))
        yield Attack(f"YAML path: {name}", _source(f"connector: files, path: {value}"))
        yield Attack(
            f"YAML column: {name}", _source(f"connector: files, path: ../data/catalog.csv, columns: {{name: {value}}}")
        )
    for name, path in _PATHS.items():
        yield Attack(f"YAML path {name}", _path(path))


_VALUES = {
    "!!int x": "!!int x",
    "!!float x": "!!float x",
    "!!bool x": "!!bool x",
    "!!timestamp x": "!!timestamp x",
    "!!binary": "!!binary '!!!'",
    "an integer of 5,000 digits": "9" * 5_000,
    "a hexadecimal of 5,000 digits": "0x" + "f" * 5_000,
    "base 60": ":".join(["59"] * 400),
    "infinity": ".inf",
    "no number": ".nan",
    "a huge float": "1e999",
    "below nothing": "-1",
    "beyond 64 bits": str(2**64),
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "a day that is none": "2025-02-30",
    "a moment": "2025-09-01T10:00:00+99:00",
    "a lone surrogate": '"\\ud800"',
    "a zero": '"\\0"',
    "a screen that is cleared": '"\\e[2J"',
    "a list": "[1, 2]",
    "a group": "{a: 1}",
    "nothing": "",
    "null": "null",
    "yes": "yes",
    "a long text": "x" * 20_000,
    "deep": "[" * 50 + "]" * 50,
}
_PATHS = {
    "of 5,000 characters": "x" * 5_000 + ".csv",
    "of 5,000 folders": "x/" * 5_000 + "a.csv",
    "that is a pattern of 5,000": "*" * 5_000,
    "with a zero": "a\x00b.csv",
    "with a line": "a\nb.csv",
    "that is a device": "/dev/zero",
    "that is a pipe": "{pipe}",
    "that is a loop": "{loop}",
    "below a file": "../data/catalog.csv/x.csv",
    "of the root": "/",
    "that is open": "../**/[",
    "that is nothing but a day": "{date}",
    "that is a folder with an ending": "{folder.csv}",
    "that has no permission": "{locked}",
}


def _texts() -> dict[str, str | bytes]:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    return {
        "good": _GOOD,
        "nothing": "",
        "a comment alone": "# nothing\n",
        "a list": "- a\n- b\n",
        "a word": "holley",
        "a number": "42",
        "two documents": f"{_GOOD}---\n{_GOOD}",
        "an end and more": f"{_GOOD}...\nname: x\n",
        "nesting of 2,000 lists": f"{_GOOD}parameters: {'[' * 2_000}{']' * 2_000}\n",
        "nesting of 2,000 groups": f"{_GOOD}parameters: {'{a: ' * 2_000}{'}' * 2_000}\n",
        "nesting of 200,000": "[" * 200_000,
        "nesting by dashes": f"{_GOOD}parameters:\n  {'- ' * 2_000}x\n",
        "an alias bomb": f"l0: &l0 [x, x]\n{levels}\n{_GOOD}",
        "an alias bomb as parameters": f"l0: &l0 [x, x]\n{levels}\nparameters: *l11\n",
        "a bomb of merges": "a0: &a0 {x: 1}\n"
        + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 10)),
        "a list that holds itself": f"{_GOOD}parameters: &a [*a]\n",
        "a group that holds itself": f"{_GOOD}parameters: &a {{releases: *a}}\n",
        "a key that holds itself": "&a {? *a : 1}\n",
        "a merge with itself": f"{_GOOD}parameters: &a {{<<: *a}}\n",
        "an alias of nothing": f"{_GOOD}parameters: *nothing\n",
        "an anchor twice": f"{_GOOD}parameters: &a {{}}\nserving: &a {{}}\n",
        "a merge": _GOOD.replace("name: ugly", "<<: {name: ugly}"),
        "a merge with a word": f"{_GOOD}<<: word\n",
        "a Python object": f"{_GOOD}parameters: !!python/object/apply:os.system ['true']\n",
        "a Python name": f"{_GOOD}parameters: !!python/name:os.system\n",
        "a tag of its own": f"{_GOOD}parameters: !mine {{}}\n",
        "a tag of its own for the whole": f"!mine\n{_GOOD}",
        "a set": f"{_GOOD}parameters: !!set {{a, b}}\n",
        "an ordered map": f"{_GOOD}parameters: !!omap [a: 1]\n",
        "pairs": f"{_GOOD}parameters: !!pairs [a: 1]\n",
        "a wrong set": f"{_GOOD}parameters: !!set [a]\n",
        "a wrong map": f"{_GOOD}parameters: !!map [a]\n",
        "a wrong list": f"{_GOOD}parameters: !!seq {{a: 1}}\n",
        "a wrong text": f"{_GOOD}parameters: !!str [a]\n",
        "a wrong null": f"{_GOOD}parameters: !!null [a]\n",
        "a directive": f"%YAML 9.9\n---\n{_GOOD}",
        "an unknown directive": f"%FOO bar\n---\n{_GOOD}",
        "a tag directive": f"%TAG !! tag:evil,2025:\n---\n{_GOOD}",
        "a tab": _GOOD.replace("  catalog", "\tcatalog"),
        "a zero": _GOOD + "\x00",
        "a bell": _GOOD + "# \x07\n",
        "a mark": b"\xef\xbb\xbf" + _GOOD.encode(),
        "UTF-16": _GOOD.encode("utf-16"),
        "Latin-1": (_GOOD + "# \u00e4\n").encode("latin-1"),
        "a surrogate in UTF-8": _GOOD.encode() + b"# \xed\xa0\x80\n",
        "an escape of a surrogate": f'{_GOOD}event_names: {{"\\ud83d": order_line}}\n',
        "an escape beyond Unicode": f'{_GOOD}event_names: {{"\\U00110000": order_line}}\n',
        "an escape that is none": f'{_GOOD}event_names: {{"\\q": order_line}}\n',
        "a key twice": f"{_GOOD}name: ugly\n",
        "a key that is a number": f"{_GOOD}1: 2\n",
        "a key that is null": f"{_GOOD}~: 2\n",
        "a key that is a list": f"{_GOOD}? [a, b]\n: 2\n",
        "a key that is a group": f"{_GOOD}? {{a: b}}\n: 2\n",
        "a key that is a day": f"{_GOOD}2025-09-01: 2\n",
        "a key of 5,000 characters": f"{_GOOD}? {'k' * 5_000}\n: 2\n",
        "a key that is !!int x": f"{_GOOD}!!int x: 2\n",
        "30,000 event names": f"{_GOOD}event_names:\n" + "".join(f"  n{n}: order_line\n" for n in range(30_000)),
        "three MB of comments": f"{_GOOD}# " + "x" * 3_000_000,
        "a page": "<!DOCTYPE html><html><body>Please log in: {x}</body></html>",
        "JSON": '{"name": "ugly", "strategy": "replenishment"}',
        "an unclosed quote": f'{_GOOD}alerts: {{slack_channel: "#a}}\n',
        "an unclosed list": f"{_GOOD}parameters: [1, 2\n",
        "bad indentation": f"{_GOOD}  x: 1\n y: 2\n",
        "CR alone": _GOOD.replace("\n", "\r"),
        "CR LF": _GOOD.replace("\n", "\r\n"),
        "the separator of lines": _GOOD.replace("\n", "\u2028"),
        "a query of 300 KB": _query("SELECT " + ", ".join(f"a{n}" for n in range(30_000)) + " FROM t"),
        "a query of 3,000 brackets": _query("SELECT " + "(" * 3_000 + "1" + ")" * 3_000),
        "a query of nothing": _query(""),
        "a query of a zero": _query("SELECT \x01 1"),
        "a query with a value of ours": _query("SELECT :company"),
    }


_HARMLESS = frozenset(
    [
        *("good", "a mark", "CR alone", "CR LF", "the separator of lines", "30,000 event names"),
        *("an unknown directive", "a tag directive"),
    ]
)


def _query(text: str) -> str:
    source = yaml.safe_dump(
        {"connector": "sql", "url_env": "SHOP_URL", "query": text}, default_flow_style=True, width=10**6
    )
    return _GOOD.replace("  catalog:\n    connector: files\n    path: ../data/catalog.csv\n", f"  catalog: {source}")


def _with(key: str, value: str) -> str:
    whole = {name: given for name, given in content().items() if name != key}
    return f"{yaml.safe_dump(whole, sort_keys=False)}{key}: {value}\n"


def _written(text: str | bytes) -> Any:
    return lambda folder: {"text": text}


def _source(entry: str) -> Any:
    return _written(
        _GOOD.replace("  catalog:\n    connector: files\n    path: ../data/catalog.csv\n", f"  catalog: {{{entry}}}\n")
    )


def _path(path: str) -> Any:
    def spoil(folder: Path) -> Mapping[str, Any]:
        bad = folder / "bad"
        match path:
            case "{pipe}":
                if not (bad / "pipe.csv").exists():
                    os.mkfifo(bad / "pipe.csv")
                return from_file("catalog", "pipe.csv")
            case "{loop}":
                if not (bad / "loop.csv").is_symlink():
                    (bad / "loop.csv").symlink_to(bad / "loop.csv")
                return from_file("catalog", "loop.csv")
            case "{folder.csv}":
                (bad / "folder.csv").mkdir(exist_ok=True)
                return from_file("catalog", "folder.csv")
            case "{locked}":
                (bad / "locked").mkdir(exist_ok=True, mode=0)
                return from_file("catalog", "locked/x.csv")
            case _:
                return {"sources": {"catalog": {"connector": "files", "path": path}}}

    return spoil
