"""Reads company files: the built-in ones beside this module, and those of the folder that RECS_COMPANIES_DIR names.

A file that is wrong breaks its own company and no other; what claims the name or the dataset of another company is
wrong, too. Not here: YAML (yaml_file.py), what a company may say (model.py, source_config.py), the wording of what is
wrong (problems.py) and who is told (known_companies.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform.companies.model import STRATEGIES_CONTEXT, Company
from recs_platform.companies.problems import Problem, validated
from recs_platform.companies.yaml_file import read_yaml
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.settings import settings

BUILT_IN = Path(__file__).parent / "builtin"
_TOP_LEVEL = re.compile(r"^(name|strategy|start_date)\s*:\s*[\"']?([\w-]+)[\"']?\s*(?:#.*)?$", re.MULTILINE)


Strategies = Mapping[str, AnyStrategy]


def load_companies(strategies: Strategies, directory: Path | None = None) -> Companies:
    """Every company of these strategies by name, in alphabetical order.

    A file of `directory` replaces the built-in of the same name, also while it is broken: the built-in one never stands
    in for it. It defaults to the setting RECS_COMPANIES_DIR; without either there are the built-in companies alone.
    """
    folder = directory or settings().companies_dir
    if folder and not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of company files. Set RECS_COMPANIES_DIR.")
    own = [_read(path, strategies) for path in _files(folder)] if folder else []
    taken = {file.name for file in own}
    built_in = [file for file in (_read(path, strategies) for path in _files(BUILT_IN)) if file.name not in taken]
    problems = _problems(built_in, own)
    sound = {file.name: file.company for file in (*built_in, *own) if file.company and file.name not in problems}
    broken = {file.name: file for file in (*built_in, *own) if file.name in problems}
    return Companies(
        {name: sound[name] for name in sorted(sound)},
        tuple(
            BrokenCompany(name, broken[name].says("strategy"), broken[name].start_date, "\n".join(problems[name]))
            for name in sorted(broken)
        ),
    )


def built_in_names() -> list[str]:
    """The companies that come with the platform; a file of the same name may replace one."""
    return [path.stem for path in _files(BUILT_IN)]


def read_company(path: Path, strategies: Strategies) -> Company:
    """The company that one file describes. All problems of the file are in one ConfigError."""
    context = {"folder": path.parent.absolute(), STRATEGIES_CONTEXT: strategies}
    company, problems = validated(Company, read_yaml(path), context=context)
    if company is None:
        raise ConfigError(_report(path, problems))
    return company


@dataclass(frozen=True)
class _File:
    """A company file, sound or not."""

    path: Path
    company: Company | None
    problems: str

    @property
    def name(self) -> str:
        """Whose file it is: by what it says, or by what it is called."""
        return self.company.name if self.company else self.says("name") or self.path.stem

    @property
    def start_date(self) -> date | None:
        try:
            return date.fromisoformat(self.says("start_date") or "")
        except ValueError:
            return None

    def says(self, key: str) -> str | None:
        """A plain value at the top of a file that is wrong elsewhere, perhaps even no YAML."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        return next((value for name, value in _TOP_LEVEL.findall(text) if name == key), None)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def _read(path: Path, strategies: Strategies) -> _File:
    try:
        return _File(path, read_company(path, strategies), "")
    except ConfigError as error:
        return _File(path, None, str(error))


def _problems(built_in: Sequence[_File], own: Sequence[_File]) -> dict[str, list[str]]:
    """What is wrong, by the company whose trouble it is."""
    problems: dict[str, list[str]] = defaultdict(list)
    for file in (*built_in, *own):
        if file.problems:
            problems[file.name].append(file.problems)
    for file, problem in (*_names_claimed_twice(own), *_datasets_claimed_twice(built_in, own)):
        problems[file.name].append(problem)
    return problems


def _names_claimed_twice(own: Sequence[_File]) -> Iterator[tuple[_File, str]]:
    """Nobody can tell which of two files is meant, so neither is."""
    first: dict[str, Path] = {}
    for file in own:
        if file.name in first:
            yield (
                file,
                f'{file.path}: name: "{file.name}" is already the name of the company in {first[file.name]}.',
            )
        first.setdefault(file.name, file.path)


def _datasets_claimed_twice(built_in: Sequence[_File], own: Sequence[_File]) -> Iterator[tuple[_File, str]]:
    """Of two companies each would replace the other's tables. A built-in one keeps its own."""
    owners: dict[str, list[_File]] = defaultdict(list)
    for file in (*built_in, *own):
        if file.company:
            owners[file.company.dataset].append(file)
    for dataset, files in owners.items():
        for file in files if len({file.name for file in files}) > 1 else ():
            if file in own:
                other = next(other.path for other in files if other.name != file.name)
                yield file, f'{file.path}: dataset: "{dataset}" is already the dataset of {other}; choose another.'


def _report(path: Path, problems: list[Problem]) -> str:
    if len(problems) == 1:
        return f"{path}: {problems[0]}"
    return "\n".join([f"{path}: {len(problems)} problems", *(f"  {problem}" for problem in problems)])
