"""Where a reader of an asset goes on: the text of its query or function, the page that tells of it, and the runbook.

A link where the settings say where files and pages are to be read (RECS_CODE_URL, RECS_DOCS_URL); otherwise the place
in the checkout. Not here: what the pages say (docs/).
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from recs_platform.alerts.links import RUNBOOK
from recs_platform.pipeline.stage import CAMPAIGNS, MODEL, PUBLICATION, REPORTS, SOURCES, FrameTable, SqlTable
from recs_platform.settings import settings
from recs_platform.warehouse.query import sql_folder

PAGES = {
    SOURCES: "source-tables.md",
    MODEL: "models.md",
    PUBLICATION: "publication.md",
    CAMPAIGNS: "campaign.md",
    REPORTS: "campaign-report.md",
}
"""Of a stage that has one of its own; the others are told of by their strategy's."""
_PACKAGE = Path(__file__).resolve().parent.parent


def asset_links(stage: str, strategy_page: str, made_by: SqlTable | FrameTable | None = None) -> dict[str, Any]:
    """Metadata of an asset's definition."""
    return {
        **(_of_code(made_by) if made_by else {}),
        "docs": page_link(PAGES.get(stage, strategy_page)),
        "runbook": page_link(RUNBOOK),
    }


def page_link(page: str) -> dg.MetadataValue[Any]:
    base = settings().docs_url
    return dg.MetadataValue.url(f"{base}/{page}") if base else dg.MetadataValue.text(f"docs/{page}")


def _of_code(made_by: SqlTable | FrameTable) -> dict[str, Any]:
    if isinstance(made_by, SqlTable):
        name, line, path = "sql", 1, sql_folder().parent / made_by.query.path
        if not path.is_file():  # a text that the platform puts together, whose path names the module that does
            path = _PACKAGE / made_by.query.path.partition(" (")[0]
    else:
        name, (path, line) = "code", _defined_at(made_by.function)
    shown = _in_the_repository(path)
    base = settings().code_url
    reference: dg.LocalFileCodeReference | dg.UrlCodeReference
    told: dg.MetadataValue[Any]
    if base and shown:
        url = f"{base}/{shown}#L{line}"
        reference, told = dg.UrlCodeReference(url=url, label=shown), dg.MetadataValue.url(url)
    else:
        label = shown or path.name
        reference = dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=label)
        told = dg.MetadataValue.text(label)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference]), name: told}


def _in_the_repository(path: Path) -> str | None:
    """Where the platform's repository has a file; None of a file that is none of the platform's."""
    for folder, inside in ((sql_folder(), "sql"), (_PACKAGE, _PACKAGE.name)):
        if path.is_relative_to(folder):
            return f"{inside}/{path.relative_to(folder).as_posix()}"
    return None


def _defined_at(function: Callable[..., Any]) -> tuple[Path, int]:
    code = inspect.unwrap(function).__code__
    return Path(code.co_filename).resolve(), code.co_firstlineno
