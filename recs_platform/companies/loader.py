"""Reads company files: the built-in ones beside this module, and those of the folder that RECS_COMPANIES_DIR names.

Not here: YAML (yaml_file.py), what a company may say (model.py, source_config.py) and the wording of what is wrong
(problems.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from recs_platform.companies.model import STRATEGIES_CONTEXT, Company
from recs_platform.companies.problems import Problem, did_you_mean, validated
from recs_platform.companies.yaml_file import read_yaml
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.settings import settings

BUILT_IN = Path(__file__).parent / "builtin"


Strategies = Mapping[str, AnyStrategy]


def load_companies(strategies: Strategies, directory: Path | None = None) -> dict[str, Company]:
    """Every company of these strategies by name, in alphabetical order.

    A file of `directory` replaces the built-in of the same name. It defaults to the setting RECS_COMPANIES_DIR; without
    either there are the built-in companies alone.
    """
    own = directory or settings().companies_dir
    built_in, problems = _read_all(_files(BUILT_IN), strategies)
    if own:
        if not own.is_dir():
            raise ConfigError(f"{own}: there is no such folder of company files. Set RECS_COMPANIES_DIR.")
        replacements, more = _read_all(_files(own), strategies)
        problems += more
    else:
        replacements = {}
    files = {**built_in, **replacements}
    problems += _shared_datasets(files.values())
    if problems:
        raise ConfigError("\n".join(problems))
    return {name: files[name][1] for name in sorted(files)}


def built_in_names() -> list[str]:
    """The companies that come with the platform; a file of the same name may replace one."""
    return [path.stem for path in _files(BUILT_IN)]


def one_of(name: str, companies: Mapping[str, Company]) -> Company:
    """One company; a ConfigError lists the known ones."""
    if name not in companies:
        raise ConfigError(f'no company "{name}".{did_you_mean(name, companies)} Known: {", ".join(companies)}.')
    return companies[name]


def read_company(path: Path, strategies: Strategies) -> Company:
    """The company that one file describes. All problems of the file are in one ConfigError."""
    context = {"folder": path.parent.absolute(), STRATEGIES_CONTEXT: strategies}
    company, problems = validated(Company, read_yaml(path), context=context)
    if company is None:
        raise ConfigError(_report(path, problems))
    return company


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def _read_all(paths: Iterable[Path], strategies: Strategies) -> tuple[dict[str, tuple[Path, Company]], list[str]]:
    companies: dict[str, tuple[Path, Company]] = {}
    problems: list[str] = []
    for path in paths:
        try:
            company = read_company(path, strategies)
        except ConfigError as error:
            problems.append(str(error))
            continue
        if company.name in companies:
            first = companies[company.name][0]
            problems.append(f'{path}: name: "{company.name}" is already the name of the company in {first}.')
        else:
            companies[company.name] = (path, company)
    return companies, problems


def _shared_datasets(files: Iterable[tuple[Path, Company]]) -> list[str]:
    owners: dict[str, Path] = {}
    problems = []
    for path, company in files:
        if company.dataset in owners:
            other = owners[company.dataset]
            problems.append(f'{path}: dataset: "{company.dataset}" is already the dataset of {other}; choose another.')
        owners.setdefault(company.dataset, path)
    return problems


def _report(path: Path, problems: list[Problem]) -> str:
    if len(problems) == 1:
        return f"{path}: {problems[0]}"
    return "\n".join([f"{path}: {len(problems)} problems", *(f"  {problem}" for problem in problems)])
