"""The companies whose files are sound, by name, and those whose files are not.

A broken file is its own company's trouble and no other's. Whoever asks for a company by name asks here, and is
told what is wrong with its file. Whoever takes all companies looks at `broken` as well. Not here: reading files
(loader.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from recs_platform.companies.model import Company, identifier
from recs_platform.companies.problems import did_you_mean
from recs_platform.errors import ConfigError


@dataclass(frozen=True)
class BrokenCompany:
    """A company whose file is wrong. Nothing runs for it, not even by what can be read of the file."""

    name: str
    strategy: str | None
    """As far as the file says it."""
    start_date: date | None
    """As far as the file says it."""
    problems: str
    """Everything that is wrong, with the file."""

    @property
    def may_have_run(self) -> bool:
        """Whether it ever was a company: nothing was made under a name that none may have."""
        try:
            return identifier(self.name) == self.name
        except ValueError:
            return False


class Companies(dict[str, Company]):
    """The sound ones. Asking for a broken or an unknown one is a ConfigError."""

    def __init__(self, sound: Mapping[str, Company], broken: tuple[BrokenCompany, ...] = ()) -> None:
        super().__init__(sound)
        self.broken = broken

    def __missing__(self, name: str) -> Company:
        for company in self.broken:
            if company.name == name:
                raise ConfigError(company.problems)
        names = [*self, *(company.name for company in self.broken)]
        others = ", ".join(company.name for company in self.broken)
        wrong = f" Not loaded, because their files are wrong: {others}." if others else ""
        raise ConfigError(f'no company "{name}".{did_you_mean(name, names)} Known: {", ".join(self)}.{wrong}')

    def among(self, names: Sequence[str]) -> Companies:
        """Those of these names, sound and broken; an unknown one is a ConfigError."""
        broken = {company.name: company for company in self.broken if company.name in names}
        return Companies({name: self[name] for name in names if name not in broken}, tuple(broken.values()))

    def of_strategy(self, strategy: str) -> Companies:
        """Those of one strategy."""
        return Companies(
            {name: company for name, company in self.items() if company.strategy.name == strategy},
            tuple(company for company in self.broken if company.strategy == strategy),
        )
