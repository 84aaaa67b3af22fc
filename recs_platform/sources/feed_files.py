"""Whether a feed is byte for byte that of another day: the files that it is read from, without reading a row.

What else makes its rows (the company's file, the program) is said in `pipeline/ingredients.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import FilesSource, SimulatedSource
from recs_platform.schemas.table import TableSpec
from recs_platform.sources.connectors.files import found_files
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.sources.connectors.simulated import land_simulated, simulated_files
from recs_platform.warehouse.slices import Days


@dataclass(frozen=True)
class FeedFiles:
    spec: TableSpec

    def why_unknown(self, company: Company) -> str:
        if not company.provides(self.spec.name):
            return "it is not provided"
        source = company.sources[self.spec.name]
        # Not what is derived from them: other connectors give rows that no file's bytes tell of.
        if type(source) in (FilesSource, SimulatedSource):
            return ""
        return f"its feed comes by `{source.connector}`, of which nobody knows unread whether it is the same"

    def looks(self, company: Company, days: Days) -> list[tuple[str, int, int, int, int]]:
        looks = []
        for path in self._files(company, days):
            stat = path.stat()
            looks.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        return looks

    def fingerprint(self, company: Company, days: Days) -> str:
        digest = hashlib.sha256()
        for path in self._files(company, days):
            # In the order in which they are read. Of the name its ending matters, and the day in it does not.
            name = path.name.replace(days.first.isoformat(), "{date}")
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{name}\n{content}\n".encode())
        return digest.hexdigest()

    def _files(self, company: Company, days: Days) -> Sequence[Path]:
        request = SourceRequest(company, self.spec, days.first, days.last)
        source = request.source
        if isinstance(source, SimulatedSource):
            land_simulated(request)
            source = simulated_files(request)
        assert isinstance(source, FilesSource)  # noqa: S101  (why_unknown)
        return found_files(request, source)
