"""Which requests the platform makes of BigQuery: the methods of Google's client that stand in its code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from google.cloud import bigquery
from google.cloud.bigquery.table import RowIterator

from recs_platform_tests.docs.console import ROOT

_FREE = frozenset({"close", "get_service_account_email", "dataset", "job_from_resource", "schema_from_json"})
"""Of the client, what asks nothing."""
_CLIENTS = ("client", "_client")
_METHODS = {name for name, _ in inspect.getmembers(bigquery.Client, inspect.isfunction) if not name.startswith("_")}
_STREAMS = {name for name in dir(RowIterator) if name.startswith("to_")}


def calls_of_the_platform() -> set[str]:
    """In the modules that speak with BigQuery, and in those that open a way to it."""
    found: set[str] = set()
    for path in sorted((ROOT / "recs_platform").glob("**/*.py")):
        if "bench" in path.parts:
            continue
        text = path.read_text()
        if "warehouse/bigquery" in str(path) or "google.cloud" in text or "open_client" in text:
            found |= set(calls_in(text))
    return found


def calls_in(source: str) -> Iterator[str]:
    """Methods of a client or of an answer that stand in a module, called at once or handed on to be called.

    >>> sorted(calls_in("do(self.client.copy_table, a)\\nopen_client(p).query(q)\\nrows.to_arrow()\\nlimits.query"))
    ['copy_table', 'query', 'to_arrow']
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr in _METHODS - _FREE and _is_client(node.value):
            yield node.attr
        if node.attr in _STREAMS - {"to_pylist"} and isinstance(node.value, ast.Name) and "row" in node.value.id:
            yield node.attr


def _is_client(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="open_client")):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _CLIENTS
        case _:
            return False
