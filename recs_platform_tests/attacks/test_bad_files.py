"""Hundreds of bad files and settings: each is refused in one sentence, or read as a careful reader would read it.

Whatever it is, nothing is written for it, nothing hangs, and nobody sees a trace. All of them are tried by the reader
that loads them and by the command that checks a company (some of them in a sample); some by a run, before and after
which the table is the same.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.loader import read_company
from recs_platform.companies.model import Company
from recs_platform.errors import TransientError, UserError
from recs_platform.sources.conform import open_typed
from recs_platform.sources.connectors.base import SourceRequest
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.ugly_csv import csv_attacks
from recs_platform_tests.attacks.ugly_databases import database_attacks
from recs_platform_tests.attacks.ugly_parquet import parquet_attacks
from recs_platform_tests.attacks.ugly_shop import DAY, Attack, Refused, build, write_company
from recs_platform_tests.attacks.ugly_yaml import yaml_attacks
from recs_platform_tests.cli.terminal import Terminal

pytestmark = pytest.mark.slow

ATTACKS = {
    "CSV": list(csv_attacks()),
    "Parquet": list(parquet_attacks()),
    "YAML": list(yaml_attacks()),
    "SQLite": list(database_attacks()),
}
_OUR_INSIDES = re.compile(r"Traceback|\b\w+(Error|Exception)\b|0x[0-9a-f]{6}|\bdef \b|\.py\b")

_RUN = ("run", "ugly", "--date", str(DAY), "--table", "landed_catalog", "--table", "catalog")

_TOO_CAREFUL = re.compile(r"CR LF and LF are mixed|has more than 2,000,000 characters|not valid CSV|type decimal256")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("ugly")
    build(folder)
    terminal = Terminal(folder)
    ended = terminal.recs("companies", "check", "ugly")
    assert ended.code == 0, ended.told
    return terminal


@pytest.mark.parametrize("kind", ATTACKS)
def test_each_is_refused_in_a_sentence_or_read_rightly(terminal: Terminal, kind: str, count: Count) -> None:
    wrong, outcomes = [], Counter[str]()
    for attack in ATTACKS[kind]:
        outcome, problem = tried(terminal, attack)
        outcomes[outcome if not problem else "wrong"] += 1
        if problem:
            wrong.append(f"{attack.name}: {problem}")
    count(f"bad {kind} files", **outcomes)
    assert not wrong, f"{len(wrong)} of {len(ATTACKS[kind])}:\n" + "\n".join(wrong)
    assert min(outcomes["refused"], outcomes["read_rightly"]) > 5


def test_the_command_says_the_same(terminal: Terminal, some: Some[Attack], count: Count) -> None:
    wrong, codes = [], Counter[str]()
    for attack in some([attack for attacks in ATTACKS.values() for attack in attacks], 50):
        folder = terminal.folder
        write_company(folder, attack.spoil(folder))
        before = files_below(folder)
        ended = terminal.recs("companies", "check", "ugly", "--json", **variables_of(attack, folder))
        codes["refused" if ended.code == 2 else "accepted"] += 1
        problem = said_well(ended.code, ended.out, ended.err)
        if not problem and files_below(folder) != before:
            problem = f"files were written: {sorted(files_below(folder) ^ before)}"
        if problem:
            wrong.append(f"{attack.name}: {problem}")
    count("bad files by the command", **codes)
    assert not wrong, "\n".join(wrong)


def test_a_run_writes_all_of_it_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, some: Some[Attack], count: Count
) -> None:
    folder = tmp_path_factory.mktemp("run")
    build(folder)
    terminal = Terminal(folder)
    ended = terminal.recs(*_RUN)
    assert ended.code == 0, ended.told
    feeds = [attack for kind in ("CSV", "Parquet", "SQLite") for attack in ATTACKS[kind] if attack.table == "catalog"]
    wrong, codes = [], Counter[str]()
    for attack in some(feeds[:: len(feeds) // 60], 2):
        before = catalog(terminal)
        write_company(folder, attack.spoil(folder))
        ended = terminal.recs(*_RUN, **variables_of(attack, folder))
        codes["refused" if ended.code == 2 else "read_rightly"] += 1
        after = catalog(terminal)
        if problem := said_well(ended.code, "", "") or ("Traceback" in ended.told and ended.told):
            wrong.append(f"{attack.name}: {problem}")
        elif ended.code == 2 and after != before:
            wrong.append(f"{attack.name}: refused, and {before} became {after}")
        elif ended.code == 0 and attack.rows is Refused:
            wrong.append(f"{attack.name}: should be refused, and became {after}")
    count("runs with a bad file", **codes)
    assert not wrong, "\n".join(wrong)


def catalog(terminal: Terminal) -> Any:
    query = "SELECT item_id, price FROM catalog ORDER BY item_id"
    write_company(terminal.folder, {})
    return terminal.recs("query", query, "--company", "ugly", "--json").json


def tried(terminal: Terminal, attack: Attack) -> tuple[str, str]:
    """What became of an attack, and what is wrong with that."""
    folder = terminal.folder
    write_company(folder, attack.spoil(folder))
    with terminal.inside(**variables_of(attack, folder)):
        try:
            company = read_company(folder / "companies" / "ugly.yaml", STRATEGIES)
            rows = loaded(company, attack)
        except (UserError, TransientError) as error:
            rightly = attack.rows is None or attack.rows is Refused or _TOO_CAREFUL.search(str(error))
            problem = "" if rightly else f"is refused without need: {error}"
            return "refused", problem or sentence_problem(str(error))
        except Exception as error:
            return "wrong", f"{type(error).__name__}: {str(error)[:300]}"
    if attack.rows is Refused:
        return "wrong", f"should be refused, and is read as {rows[:5]}"
    if attack.rows is not None and rows != [tuple(row) for row in attack.rows]:
        return "wrong", f"is read as {rows[:5]}, and should be {list(attack.rows)[:5]}"
    return "read_rightly", ""


def variables_of(attack: Attack, folder: Path) -> dict[str, str]:
    return {name: text.replace("{folder}", str(folder)) for name, text in (attack.variables or {}).items()}


def said_well(code: int, out: str, err: str) -> str:
    if code not in (0, 2):
        return f"exit code {code}: {(out + err)[-400:]}"
    if _OUR_INSIDES.search(err):
        return f"shows its insides: {err[-400:]}"
    if code == 2 and err and len(err.strip().splitlines()) > 1 and " problems" not in err.splitlines()[0]:
        return f"more than one sentence: {err[:400]}"
    if out:
        for line in json.loads(out):
            if problem := sentence_problem(line["message"]):
                return problem
    return ""


def sentence_problem(message: str) -> str:
    if "\n" in message and not re.search(r": \d+ problems$", message.splitlines()[0]):
        return f"more than one line: {message[:300]!r}"
    if len(message) > 3_000:
        return f"{len(message)} characters: {message[:200]!r}"
    return f"shows its insides: {message[:300]}" if _OUR_INSIDES.search(message) else ""


def loaded(company: Company, attack: Attack) -> list[tuple[Any, ...]]:
    with open_typed(SourceRequest(company, company.tables[attack.table], DAY, DAY)) as reader:
        rows = reader.read_all().select(list(attack.columns)).to_pylist()
    return [tuple(plain(row[name]) for name in attack.columns) for row in rows]


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return float(value) if isinstance(value, Decimal) else value


def files_below(folder: Path) -> set[tuple[str, int]]:
    return {(str(path.relative_to(folder)), path.lstat().st_size) for path in folder.rglob("*") if not path.is_dir()}
