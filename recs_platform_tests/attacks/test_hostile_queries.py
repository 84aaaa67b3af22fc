"""Somebody with a terminal asks `recs query` for what is not the company's: files, settings, the neighbour's lake, logs
that are written. Queries are made by a grammar from the functions that DuckDB itself lists.

Two walls are attacked one by one: what the text may say, and what the engine behind it reaches. Masking is attacked in
`test_personal_values.py`.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.errors import ConfigError, QueryError, UserError
from recs_platform.pipeline.adhoc import adhoc_query, answered
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.lake.confined import confined_connection
from recs_platform.warehouse.lake.engine import Engine
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.stocked import stocked
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds

CANARY = "canary-6f1d"
SEED = 20251128
GENERATED = 300


@dataclass(frozen=True)
class Target:
    terminal: Terminal
    secrets: Path

    @property
    def files(self) -> set[str]:
        """Every file there is, but for the database and what it needs."""
        return {
            str(path)
            for path in (*self.terminal.folder.rglob("*"), *self.secrets.rglob("*"))
            if "platform.db" not in path.name and "spill" not in str(path)
        }


@pytest.fixture(scope="module")
@takes_seconds
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    secrets = tmp_path_factory.mktemp("secrets")
    for name in ("secret.txt", "secret.csv"):
        (secrets / name).write_text(f"a\n{CANARY}\n")
    (secrets / "secret.json").write_text(json.dumps([{"a": CANARY}]))
    pq.write_table(pa.table({"a": [CANARY]}), secrets / "secret.parquet")
    with duckdb.connect(str(secrets / "secret.db")) as connection:
        connection.execute(f"CREATE TABLE secret AS SELECT '{CANARY}' AS a")
    ours = {"customer_id": "c1", "email": "ann@shop.example"}
    theirs = {"customer_id": CANARY, "email": f"{CANARY}@shop.example"}
    rows = {"concord": {"customers": [ours]}, "metro": {"customers": [theirs]}}
    folder = tmp_path_factory.mktemp("target")
    return Target(stocked(folder, rows, TOKEN_OF_SOMEBODY=CANARY), secrets)


def table_functions(target: Target) -> list[str]:
    """Calls in the place of a table: every table function that DuckDB lists, with arguments that fit, and by hand those
    whose arguments are the attack."""
    with duckdb.connect() as connection:
        listed = connection.execute(
            "SELECT DISTINCT function_name, parameter_types FROM duckdb_functions() "
            "WHERE function_type IN ('table', 'table_macro') ORDER BY ALL"
        ).fetchall()
    lake = target.terminal.folder / ".recs" / "lake"
    read = [f"{target.secrets}/secret.{ending}" for ending in ("txt", "csv", "json", "parquet", "db")]
    read += [f"{lake}/metro/customers/*/*.parquet", "/etc/hostname", f"{target.secrets}/*", "secret.csv"]
    paths = itertools.cycle(read)

    def argument(type_: str | None) -> str:
        if type_ is None or "VARCHAR" in type_:
            return f"'{next(paths)}'"
        return {"BOOLEAN": "true", "BIGINT": "3"}.get(type_, "1")

    calls = [f"{name}({', '.join(map(argument, types))})" for name, types in listed]
    inner = f"SELECT content FROM read_text(''{target.secrets}/secret.txt'')"
    calls += [
        f"{name}('{path}')" for name in ("read_text", "read_blob", "read_parquet", "read_csv", "glob") for path in read
    ]
    calls += [
        f"query('{inner}')",
        "query_table('duckdb_settings')",
        f"json_execute_serialized_sql(json_serialize_sql('{inner}'))",
        f"enable_logging(storage_path => '{target.secrets}/written')",
        f"enable_logging('QueryLog', storage => 'file', storage_path => '{target.secrets}/written')",
        f"read_duckdb('{target.secrets}/secret.db', table_name => 'secret')",
        f"sqlite_scan('{target.secrets}/secret.db', 'secret')",
        "postgres_scan('host=localhost', 'public', 'secret')",
        "read_csv('http://127.0.0.1:9/secret.csv')",
        "read_csv('s3://bucket/secret.csv')",
        "st_read('/etc/hostname')",
        "delta_scan('/tmp')",
        f"main.read_text('{target.secrets}/secret.txt')",
        f"system.main.read_text('{target.secrets}/secret.txt')",
        f"`read_text`('{target.secrets}/secret.txt')",
        f"Read_Text /* of all */ ('{target.secrets}/secret.txt')",
        f"COUNT('{target.secrets}/secret.txt')",
    ]
    return calls


PLACES = (
    "SELECT * FROM {}",
    "FROM {}",
    "SELECT * FROM ({})",
    "SELECT t.* FROM {} AS t",
    "(SELECT * FROM {} LIMIT 1)",
    "SELECT * FROM (VALUES ((SELECT content FROM {}))) AS t(a)",
    "SELECT * FROM (VALUES (1), ((SELECT 1 FROM {}))) AS t",
    "SELECT * FROM (VALUES ((SELECT a FROM {} LIMIT 1))) AS t",
    "SELECT * FROM (VALUES ((SELECT COUNT(*) FROM {}))) AS t",
    "SELECT * FROM (VALUES ((SELECT TO_JSON_STRING(x) FROM {} AS x LIMIT 1), 2)) AS t(a, b)",
    "SELECT * FROM (VALUES (ARRAY(SELECT a FROM {}))) AS t",
    "SELECT customer_id, t.a FROM customers, (VALUES ((SELECT a FROM {} LIMIT 1))) AS t(a)",
    "SELECT (SELECT a FROM (VALUES ((SELECT a FROM {} LIMIT 1))) AS t(a)) AS a",
    "WITH v AS (SELECT * FROM (VALUES ((SELECT a FROM {} LIMIT 1))) AS t(a)) SELECT a FROM v",
    "SELECT t.* FROM customers CROSS JOIN LATERAL {} AS t",
    "SELECT t.* FROM customers LEFT JOIN LATERAL {} AS t ON TRUE",
    "SELECT t.* FROM (SELECT 1 AS one), LATERAL {} AS t",
    "WITH a AS (SELECT * FROM {}) SELECT * FROM a",
    "WITH customers AS (SELECT * FROM {}) SELECT * FROM customers",
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a, {} WHERE n < 2) SELECT * FROM a",
    "SELECT (SELECT content FROM {} LIMIT 1) AS a",
    "SELECT ARRAY(SELECT content FROM {}) AS a",
    "SELECT [(SELECT content FROM {})] AS a",
    "SELECT STRUCT((SELECT content FROM {}) AS a) AS b",
    "SELECT * FROM UNNEST(ARRAY(SELECT content FROM {})) AS a",
    "SELECT * FROM UNNEST([STRUCT((SELECT content FROM {}) AS a)])",
    "SELECT customer_id FROM customers CROSS JOIN {}",
    "SELECT t.* FROM customers LEFT JOIN {} AS t ON TRUE",
    "SELECT t.* FROM customers JOIN (customers AS c CROSS JOIN {} AS t) ON TRUE",
    "SELECT t.* FROM customers, LATERAL {} AS t",
    "SELECT customer_id FROM customers WHERE EXISTS (SELECT 1 FROM {})",
    "SELECT customer_id FROM customers WHERE email NOT IN (SELECT content FROM {})",
    "SELECT customer_id FROM customers WHERE email < ANY (SELECT content FROM {})",
    "SELECT customer_id FROM customers ORDER BY (SELECT content FROM {})",
    "SELECT customer_id FROM customers LIMIT (SELECT 1 FROM {})",
    "SELECT COUNT(*) AS n FROM customers GROUP BY (SELECT content FROM {})",
    "SELECT COUNT(*) AS n FROM customers HAVING (SELECT COUNT(*) FROM {}) > 0",
    "SELECT COUNT(*) OVER (PARTITION BY (SELECT content FROM {})) AS n FROM customers",
    "SELECT customer_id FROM customers QUALIFY (SELECT COUNT(*) FROM {}) > 0",
    "SELECT CASE WHEN (SELECT COUNT(*) FROM {}) > 0 THEN 1 END AS a",
    "SELECT customer_id FROM customers UNION ALL SELECT content FROM {}",
    "SELECT * FROM customers EXCEPT DISTINCT SELECT * FROM {}",
    "SELECT ERROR((SELECT content FROM {})) AS a",
    "SELECT CAST((SELECT content FROM {}) AS INT64) AS a",
    "SELECT AS STRUCT * FROM {}",
    "SELECT AS VALUE t FROM {} AS t",
    "SELECT * FROM {} TABLESAMPLE SYSTEM (10 PERCENT)",
    "SELECT * FROM {} PIVOT(COUNT(*) FOR a IN ('b'))",
    "SELECT 1 AS one -- \nFROM {}",
    "SELECT /* /* */ 1 AS one, t.* FROM {} AS t",
)
SCALARS = (
    "getenv('TOKEN_OF_SOMEBODY')",
    "current_setting('secret_directory')",
    "current_setting('temp_directory')",
    "getvariable('secret')",
    "write_log('{c}')",
    "write_log('{c}', level := 'warn', log_type := 'Mine')",
    "current_query()",
    "current_user()",
    "current_database()",
    "current_schemas(true)",
    "nextval('s')",
    "json_serialize_sql('SELECT 1')",
    "parse_path('/etc/hostname')",
    "txid_current()",
    "version()",
    "query('SELECT 1')",
    "read_text('/etc/hostname')",
    "pg_size_pretty(1)",
    "in_search_path('main', 'main')",
    "has_table_privilege('customers', 'SELECT')",
    "list_transform([1], lambda x: getenv('TOKEN_OF_SOMEBODY'))",
    "EXTERNAL_QUERY('c', 'SELECT 1')",
    "NET.HOST('http://127.0.0.1')",
    "KEYS.NEW_KEYSET('AEAD_AES_GCM_256')",
    "SESSION_USER()",
    "@@project_id",
    "@@global.secret_directory",
)
SCALAR_PLACES = (
    "SELECT {} AS a",
    "SELECT customer_id FROM customers WHERE CAST({} AS STRING) <> ''",
    "SELECT MAX({}) AS a FROM customers",
    "SELECT (SELECT {}) AS a",
    "SELECT a FROM UNNEST([{}]) AS a",
    "SELECT customer_id FROM customers ORDER BY {}",
)


def names_and_statements(target: Target) -> list[str]:
    """What is no call: paths and other catalogues as tables, and what is no SELECT."""
    lake = target.terminal.folder / ".recs" / "lake"
    named = [
        *(f"`{target.secrets}/secret.{ending}`" for ending in ("csv", "json", "parquet", "db")),
        f"`{lake}/metro/customers/*/*.parquet`",
        f"'{target.secrets}/secret.csv'",
        f'"{target.secrets}/secret.csv"',
        "metro.customers",
        "`metro.customers`",
        "main.customers",
        "`memory.main.customers`",
        "information_schema.tables",
        "INFORMATION_SCHEMA.TABLES",
        "duckdb_settings",
        "duckdb_tables",
        "sqlite_master",
        "pg_catalog.pg_settings",
        "pragma_user_agent",
        "secrets_in_python",
        "__TABLES__",
        "customers_*",
        "TABLE(customers)",
        "ML.PREDICT(MODEL m, TABLE customers)",
        "ML.PREDICT(MODEL m, (SELECT 1))",
        "VECTOR_SEARCH(TABLE customers, 'email', TABLE customers)",
    ]
    written = f"{target.secrets}/written"
    statements = [
        f"COPY customers TO '{written}'",
        f"COPY (SELECT 1) TO '{written}'",
        f"EXPORT DATABASE '{written}'",
        f"ATTACH '{target.secrets}/secret.db' AS s",
        "INSTALL httpfs",
        "LOAD json",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "RESET lock_configuration",
        "PRAGMA database_list",
        f"CALL enable_logging(storage_path => '{written}')",
        f"CREATE TABLE t AS SELECT * FROM read_text('{target.secrets}/secret.txt')",
        "CREATE MACRO m() AS TABLE SELECT 1",
        "DROP TABLE customers",
        "DELETE FROM customers WHERE TRUE",
        "UPDATE customers SET email = 'x' WHERE TRUE",
        "INSERT INTO customers SELECT * FROM customers",
        "MERGE INTO customers USING customers AS c ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
        "TRUNCATE TABLE customers",
        "SELECT 1 AS a; DROP TABLE customers",
        "SELECT 1 AS a; COPY customers TO '/tmp/x'",
        "EXPLAIN ANALYZE SELECT 1",
        "DESCRIBE customers",
        "SHOW TABLES",
        "BEGIN; SELECT 1",
        f"EXPORT DATA OPTIONS(uri='{written}') AS SELECT 1",
        "EXECUTE IMMEDIATE 'SELECT 1'",
        "DECLARE x INT64; SELECT 1",
        "WITH a AS (DELETE FROM customers) SELECT * FROM a",
        "SUMMARIZE customers",
        "PIVOT customers ON email",
        "VALUES (1)",
        "TABLE customers",
    ]
    return [*(f"SELECT * FROM {name}" for name in named), *statements]


def hostile_queries(target: Target) -> list[str]:
    """All that stand for themselves, and as many that the grammar makes."""
    pairs = [
        *(place.replace("{}", call) for place in PLACES for call in table_functions(target)),
        *(place.replace("{}", call.format(c=CANARY)) for place in SCALAR_PLACES for call in SCALARS),
    ]
    return [*names_and_statements(target), *random.Random(SEED).sample(pairs, GENERATED)]


def test_no_query_reaches_beyond_the_companys_tables(target: Target, count: Count) -> None:
    secrets_in_python = pa.table({"a": [CANARY]})
    outcomes = {"refused": 0, "harmless": 0}
    with target.terminal.inside():
        company = company_named("concord")
        pipeline, warehouse = pipeline_of(company), open_warehouse()
        adhoc_query(pipeline, company, "SELECT email FROM customers", None, seconds=5)
        before = target.files
        for sql in hostile_queries(target):
            try:
                answer = answered(
                    warehouse,
                    adhoc_query(pipeline, company, sql, None, seconds=5),
                    limit=50,
                    masked=False,
                )
            except (QueryError, ConfigError) as error:
                assert CANARY not in str(error).replace(sql, ""), sql
                outcomes["refused"] += 1
            else:
                assert CANARY not in repr(answer), sql
                outcomes["harmless"] += 1
        assert target.files == before
    assert secrets_in_python.num_rows == 1
    count("hostile queries", **outcomes)
    assert sum(outcomes.values()) > GENERATED
    # What is left is a SELECT that reads nothing foreign; hardly any of these are.
    assert outcomes["harmless"] < GENERATED // 20


def test_the_engine_is_shut_even_to_a_text_that_nobody_judged(target: Target, tmp_path: Path, count: Count) -> None:
    """Logging is left out: DuckDB ends the process when its log cannot be written, and the text never gets so far."""
    engine = Engine("1GiB", 2, tmp_path / "spill")
    secrets_in_python = pa.table({"a": [CANARY]})
    lake = target.terminal.folder / ".recs" / "lake" / "concord" / "customers"
    outcomes = {"refused": 0, "harmless": 0}
    before = target.files
    calls = [call for call in table_functions(target) if "logging" not in call and "scan_dumb" not in call]
    calls = [call for call in calls if not call.startswith(("arrow_scan", "pandas_scan", "python_map"))]
    for call in [*calls, "secrets_in_python", f"'{target.secrets}/secret.csv'"]:
        with confined_connection(engine, [str(lake)], 5) as connection:
            try:
                rows = connection.execute(f"SELECT * FROM {call.replace('`', '')}").fetchmany(100)
            except duckdb.Error:
                outcomes["refused"] += 1
            else:
                assert CANARY not in repr(rows), call
                outcomes["harmless"] += 1
    for statement in (
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        f"COPY (SELECT 1) TO '{target.secrets}/written'",
        f"ATTACH '{target.secrets}/secret.db'",
        f"EXPORT DATABASE '{target.secrets}/written'",
        "LOAD httpfs",
    ):
        with confined_connection(engine, [str(lake)], 5) as connection, pytest.raises(duckdb.Error):
            connection.execute(statement)
        outcomes["refused"] += 1
    with confined_connection(engine, [str(lake)], 5) as connection:
        own = connection.execute(f"SELECT email FROM read_parquet('{lake}/*/*.parquet')").fetchall()
    assert own == [("ann@shop.example",)]
    assert target.files == before
    assert secrets_in_python.num_rows == 1
    count("calls on the engine itself", **outcomes)


NUMBERS = "UNNEST(GENERATE_ARRAY(1, 1000000))"


@pytest.mark.parametrize(
    ("sql", "seconds", "told"),
    [
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) AS n FROM r", "1", "stopped"),
        (f"SELECT COUNT(*) AS n FROM {NUMBERS} AS a, {NUMBERS} AS b WHERE a * b = 7", "1", "stopped"),
        (f"SELECT a + b AS n FROM {NUMBERS} AS a, {NUMBERS} AS b WHERE a * b < 0", "1", "stopped"),
        (f"SELECT SUM(a * b) AS n FROM {NUMBERS} AS a CROSS JOIN {NUMBERS} AS b", "1", "stopped"),
        (f"SELECT a, b FROM {NUMBERS} AS a, {NUMBERS} AS b ORDER BY a * b, a", "1", "stopped"),
        (f"SELECT ARRAY_AGG(a * b) AS n FROM {NUMBERS} AS a, {NUMBERS} AS b", "60", "RECS_MEMORY_LIMIT"),
    ],
)
def test_what_never_ends_or_never_fits_is_stopped(
    target: Target, sql: str, seconds: str, told: str, count: Count
) -> None:
    ended = target.terminal.recs("query", sql, "-c", "concord", "--timeout", seconds, RECS_MEMORY_LIMIT="64MiB")
    assert ended.code == 2, ended.told
    assert told in ended.told
    assert len(ended.err.splitlines()) == 1
    assert not list((target.terminal.folder / ".recs" / "scratch" / "spill").glob("query-*"))
    count(f"endless query {sql[:40]}...", stopped=1)


def test_refusals_are_one_sentence_at_the_terminal(target: Target, some: Some[str], count: Count) -> None:
    asked: Sequence[str] = some(hostile_queries(target), 15)
    for sql in asked:
        ended = target.terminal.recs("query", sql, "--company", "concord")
        assert ended.code in (0, 2), (sql, ended.told)
        assert CANARY not in ended.told.replace(sql, ""), sql
        assert "Traceback" not in ended.told, sql
        assert len(ended.err.strip().splitlines()) <= 1 or "\n" in sql, ended.err
    count("hostile queries at the terminal", answered_in_one_sentence=len(asked))


def test_a_text_of_any_depth_and_length_is_answered(target: Target, count: Count) -> None:
    deep = [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "NOT " * 5_000 + "TRUE AS a",
        "SELECT " + " + ".join(["1"] * 20_000) + " AS a",
        "SELECT " + "[" * 3_000 + "1" + "]" * 3_000 + " AS a",
        "SELECT * FROM " + "(SELECT * FROM " * 1_000 + "customers" + ")" * 1_000,
        " UNION ALL ".join(["SELECT 1 AS a"] * 3_000),
        "SELECT " + "x" * 100_000,
        "SELECT '" + "x" * 1_000_000 + "' AS a",
        "WITH " + ", ".join(f"t{n} AS (SELECT 1 AS a)" for n in range(2_000)) + " SELECT a FROM t0",
        "SELECT \x00 AS a",
        "SELECT '\ud800' AS a",
    ]
    outcomes = {"refused": 0, "answered": 0}
    with target.terminal.inside():
        company = company_named("concord")
        for sql in deep:
            try:
                answered(
                    open_warehouse(),
                    adhoc_query(pipeline_of(company), company, sql, None, seconds=20),
                    limit=5,
                    masked=True,
                )
            except UserError:
                outcomes["refused"] += 1
            else:
                outcomes["answered"] += 1
    count("deep and long queries", **outcomes)
    assert outcomes["answered"] >= 1
