"""Google's own analyzer and reference executor of GoogleSQL: a server on this machine, and what it is asked.

`make googlesql` installs it. Not here: which texts it is asked about, with which tables and parameters (texts.py,
executor.py).
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from recs_platform.schemas.table import Columns
from recs_platform_tests.googlesql.install import SERVER, SERVICES
from recs_platform_tests.googlesql.values import python_value, set_type, set_value, type_text
from recs_platform_tests.stores.keeper import free_ports

_SERVICE = "zetasql.local_service"
_NOT_IN_BIGQUERY = (
    "FEATURE_V_1_1_ARRAY_EQUALITY",
    "FEATURE_V_1_3_INLINE_LAMBDA_ARGUMENT",
    "FEATURE_V_1_3_TYPEOF_FUNCTION",
    "FEATURE_V_1_3_UNNEST_AND_FLATTEN_ARRAYS",
    "FEATURE_V_1_3_WITH_GROUP_ROWS",
)
"""What GoogleSQL has and BigQuery refuses."""
_LARGEST = 2**30
_SECONDS_TO_START = 30


class NotGoogleSql(Exception):
    """What the analyzer or the executor says of a text."""


class GoogleSql:
    """A running server. A text is analyzed with the tables that it may name and the types of its parameters."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        files = descriptor_pb2.FileDescriptorSet.FromString(SERVICES.read_bytes())
        self._pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self._pool.Add(file)

    def analyze(self, text: str, tables: Mapping[str, Columns], parameters: Columns) -> dict[str, str]:
        """The columns that a query gives, and their types; NotGoogleSql when it is not valid."""
        request = self._new("AnalyzeRequest", sql_statement=text)
        self._describe(request, tables, parameters)
        statement = self._ask("Analyze", request, "AnalyzeResponse").resolved_statement
        columns = statement.resolved_query_stmt_node.output_column_list
        return {column.name: type_text(column.column.type) for column in columns}

    def evaluate(
        self,
        text: str,
        tables: Mapping[str, Columns],
        parameters: Columns,
        *,
        rows: Mapping[str, Iterable[Sequence[Any]]],
        values: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        """The rows that a query gives. Every table must be given its rows, and every parameter that the text uses its
        value."""
        request = self._new("EvaluateQueryRequest", sql=text)
        self._describe(request, tables, {name: parameters[name] for name in values})
        for name, value in values.items():
            set_value(request.params.add(name=name).value, value)
        for name in tables:
            content = request.table_content[name].table_data
            content.SetInParent()
            for row in rows[name]:
                cells = content.row.add()
                for value in row:
                    set_value(cells.cell.add(), value)
        answer = self._ask("EvaluateQuery", request, "EvaluateQueryResponse")
        columns = [(column.name, column.type) for column in answer.prepared.columns]
        return [
            {name: python_value(type_, cell) for (name, type_), cell in zip(columns, row.cell, strict=True)}
            for row in answer.content.table_data.row
        ]

    def _describe(self, request: Any, tables: Mapping[str, Columns], parameters: Columns) -> None:
        request.options.CopyFrom(self._options)
        for name, type_ in sorted(parameters.items()):
            set_type(request.options.query_parameters.add(name=name).type, type_)
        catalog = request.simple_catalog
        catalog.name = "catalog"
        catalog.builtin_function_options.language_options.CopyFrom(self._options.language_options)
        for number, (name, columns) in enumerate(sorted(tables.items()), start=1):
            table = catalog.table.add(name=name, serialization_id=number)
            for column, type_ in columns.items():
                set_type(table.column.add(name=column).type, type_)

    @cached_property
    def _options(self) -> Any:
        """As BigQuery has them: every feature that is finished, times in UTC, and its types and no others."""
        options = self._ask("GetAnalyzerOptions", self._new("AnalyzerOptionsRequest"), "zetasql.AnalyzerOptionsProto")
        asked = self._new("LanguageOptionsRequest", maximum_features=True)
        language = self._ask("GetLanguageOptions", asked, "zetasql.LanguageOptionsProto")
        features = self._pool.FindEnumTypeByName("zetasql.LanguageFeature").values_by_name
        newest = {feature.number for name, feature in features.items() if name.startswith("FEATURE_V_1_4_")}
        enabled = newest | set(language.enabled_language_features) - {
            features[name].number for name in _NOT_IN_BIGQUERY
        }
        language.enabled_language_features[:] = sorted(enabled)
        language.product_mode = self._number("zetasql.ProductMode", "PRODUCT_EXTERNAL")
        options.language_options.CopyFrom(language)
        options.default_timezone = "UTC"
        return options

    def _number(self, enum: str, name: str) -> int:
        number: int = self._pool.FindEnumTypeByName(enum).values_by_name[name].number
        return number

    def _new(self, name: str, **fields: Any) -> Any:
        return self._class(name)(**fields)

    def _class(self, name: str) -> Any:
        full = name if "." in name else f"{_SERVICE}.{name}"
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(full))

    def _ask(self, method: str, request: Any, answer: str) -> Any:
        call = self._channel.unary_unary(
            f"/{_SERVICE}.ZetaSqlLocalService/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._class(answer).FromString,
        )
        try:
            return call(request, timeout=60)
        except grpc.RpcError as error:
            raise NotGoogleSql(str(error.details())) from None


@contextmanager
def running() -> Iterator[GoogleSql]:
    """A server of its own, on a free port, until the end of the block."""
    (port,) = free_ports(1)
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([SERVER, "localhost", str(port)], stdout=log, stderr=log)
        limits = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
        try:
            with grpc.insecure_channel(f"localhost:{port}", options=limits) as channel:
                _wait(channel, server, log)
                yield GoogleSql(channel)
        finally:
            server.kill()
            server.wait()


def _wait(channel: grpc.Channel, server: subprocess.Popen[bytes], log: Any) -> None:
    ready, deadline = grpc.channel_ready_future(channel), time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            return ready.result(timeout=0.5)
        except grpc.FutureTimeoutError:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"the analyzer did not start: {log.read().decode(errors='replace')}") from None
