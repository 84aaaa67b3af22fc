"""What the pages of the UI ask of an instance: GraphQL over the workspace of the checkout, with its code server.

Not here: pages in a browser (`recs_platform_tests/e2e`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_graphql.schema import create_schema

WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"
LOCATION = "recs_platform.definitions"
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}


class Pages:
    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        self._workspace, self._schema = workspace, create_schema()

    def ask(self, query: str, **variables: Any) -> Any:
        context = self._workspace.create_request_context()
        answer = asyncio.run(self._schema.execute_async(query, context_value=context, variables=variables))
        assert not answer.errors, answer.errors
        return answer.data


@contextmanager
def pages(instance: DagsterInstance) -> Iterator[Pages]:
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(WORKSPACE)])) as workspace:
        yield Pages(workspace)
