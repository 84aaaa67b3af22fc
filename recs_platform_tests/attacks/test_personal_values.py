"""A hundred shapes of personal values on every way out: previews, queries, errors, checks, reports, what is kept.

There are no alerts yet. What they would say is attacked where it comes from: the description of a check that failed,
the reasons of a run that failed, and the event log that keeps both.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.automation.markdown import markdown_table
from recs_platform.automation.run_summary import summary
from recs_platform.campaign.report.reading import rows_of
from recs_platform.cli.output import tell_error, tell_trace
from recs_platform.errors import UserError
from recs_platform.masking import mask_email, mask_row, mask_text, mask_value
from recs_platform.schemas.sources import Customers, Deliveries, Events
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.personal_values import PersonalValue, personal_values, seen
from recs_platform_tests.attacks.stocked import stocked
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.pipeline.toy import DAY, Toy, profiles_of
from recs_platform_tests.slow import takes_seconds

VALUES = personal_values()
ADDRESSES = [value for value in VALUES if value.is_address]


def test_there_are_a_hundred_and_each_is_seen_when_nothing_masks_it() -> None:
    assert len({value.text for value in VALUES}) == 100
    for value in VALUES:
        assert value.seen_in(f"a {value.text} b"), value
        assert value.seen_in(value.text.upper())
        assert not any(other.seen_in(value.text) for other in VALUES if other is not value)


@pytest.fixture(scope="module")
@takes_seconds
def shop(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Customers of all shapes, and goods and events that bear addresses where nobody declared any."""
    customers = [{"customer_id": f"c{number:03}", "email": value.text} for number, value in enumerate(VALUES)]
    goods = [{"item_id": f"i{n:03}", "name": value.text, "price": 1.0} for n, value in enumerate(ADDRESSES)]
    rows = {"concord": {"customers": customers, "catalog": goods}}
    return stocked(tmp_path_factory.mktemp("shop"), rows)


E = "email"
DERIVED = (
    *(f"LOWER({E})", f"UPPER({E})", f"TRIM({E})", f"TRIM({E}, 'z')", f"REVERSE({E})", f"REPLACE({E}, '@', ' ')"),
    *(f"SUBSTR({E}, 1)", f"SUBSTR({E}, 2, 4)", f"LEFT({E}, 9)", f"RIGHT({E}, 9)", f"CONCAT('x', {E})", f"{E} || 'x'"),
    *(f"SPLIT({E}, '@')", f"SPLIT({E}, '')", f"SPLIT({E}, '@')[OFFSET(0)]", f"SPLIT({E}, '')[SAFE_OFFSET(3)]"),
    *(f"TO_BASE64(CAST({E} AS BYTES))", f"CAST({E} AS BYTES)", f"TO_HEX(CAST({E} AS BYTES))", f"MD5({E})"),
    *(f"REGEXP_EXTRACT({E}, r'([^@]+)')", f"REGEXP_REPLACE({E}, '@', ' at ')", f"REPEAT({E}, 2)"),
    *(f"COALESCE({E}, 'x')", f"IFNULL({E}, 'x')", f"NULLIF({E}, 'x')", f"IF(TRUE, {E}, 'x')", f"GREATEST({E}, 'a')"),
    *(f"CASE WHEN {E} LIKE 'a%' THEN 'a' ELSE {E} END", f"CASE SUBSTR({E}, 1, 1) WHEN 'z' THEN 'z' ELSE 'y' END"),
    *(f"[{E}]", f"[{E}, customer_id]", f"STRUCT({E} AS a, 1 AS b)", f"[STRUCT({E} AS a)]", f"STRUCT({E} AS a).a"),
    *(f"STRUCT(STRUCT([{E}] AS a) AS b)", f"ARRAY(SELECT {E})", f"ARRAY_REVERSE([{E}])", f"ARRAY_TO_STRING([{E}], '')"),
    *("TO_JSON_STRING(customers)", "customers", f"TO_JSON_STRING(STRUCT({E}))", f"FORMAT('%s', {E})"),
    *(f"LENGTH({E})", f"STRPOS({E}, '@')", f"ASCII({E})", f"TO_CODE_POINTS({E})", f"LPAD({E}, 99, ' ')"),
    *(f"(SELECT {E})", f"(SELECT MAX(x) FROM UNNEST([{E}]) AS x)", f"TRANSLATE({E}, '@', 'x')", f"INITCAP({E})"),
    f"(SELECT STRING_AGG(x, ' ') FROM UNNEST(SPLIT({E}, '')) AS x)",
    f"MAX({E}) OVER (PARTITION BY customer_id)",
    f"(SELECT o FROM UNNEST(SPLIT('abcxyz', '')) AS x WITH OFFSET AS o WHERE x = SUBSTR({E}, 1, 1))",
)
WHOLE = (
    "SELECT * FROM customers",
    "SELECT email FROM customers",
    "SELECT `email` AS other_name FROM customers",
    "SELECT * EXCEPT (customer_id) FROM customers",
    "SELECT * REPLACE (email AS customer_id) FROM customers",
    "SELECT c.* FROM customers AS c JOIN customers AS d USING (customer_id)",
    "SELECT customer_id, a FROM customers, UNNEST([email]) AS a",
    "SELECT customer_id, a FROM customers, UNNEST(SPLIT(email, '@')) AS a",
    "SELECT a.e FROM (SELECT STRUCT(email AS e) AS a FROM customers)",
    "WITH a AS (SELECT email AS b FROM customers), c AS (SELECT b AS d FROM a) SELECT d FROM c",
    "SELECT email FROM customers UNION ALL SELECT customer_id FROM customers",
    "SELECT customer_id FROM customers UNION DISTINCT SELECT email FROM customers",
    "SELECT email FROM customers EXCEPT DISTINCT SELECT 'x'",
    "SELECT ANY_VALUE(email) AS a, MIN(email) AS b, MAX_BY(email, customer_id) AS c FROM customers",
    "SELECT ANY_VALUE(email HAVING MAX customer_id) AS a FROM customers",
    "SELECT STRING_AGG(email, ' ') AS a, ARRAY_AGG(email) AS b FROM customers",
    "SELECT email AS a, COUNT(*) AS n FROM customers GROUP BY a",
    "SELECT (SELECT MAX(email) FROM customers) AS a, (SELECT AS STRUCT MIN(email) AS x FROM customers) AS b",
    "SELECT LEAD(email) OVER (PARTITION BY as_of ORDER BY customer_id) AS a FROM customers",
    "WITH RECURSIVE r AS (SELECT email AS a, 1 AS n FROM customers UNION ALL SELECT a, n + 1 FROM r WHERE n < 2) "
    "SELECT a FROM r",
    "WITH t AS (SELECT 'x' AS email) SELECT (SELECT MAX(c.email) FROM customers AS C) AS a FROM t AS c",
    "SELECT x FROM customers JOIN UNNEST(SPLIT('zqxjkv0123456789', '')) AS x ON STRPOS(email, x) > 0",
    "SELECT email AS `a b`, email AS `from` FROM customers ORDER BY 1 DESC",
    "SELECT name FROM catalog",
    "SELECT STRUCT(name AS a, [name] AS b) AS c, [STRUCT(name AS d)] AS e FROM catalog",
    "SELECT CAST(name AS BYTES) AS a, UPPER(name) AS b, name || 'x' AS c FROM catalog",
    "SELECT name, email FROM catalog CROSS JOIN customers LIMIT 200",
    "SELECT email, TO_JSON_STRING(c) AS j FROM customers AS c",
)
QUERIES = (*(f"SELECT customer_id, {expression} AS a FROM customers" for expression in DERIVED), *WHOLE)


def test_no_query_shows_one(shop: Terminal, count: Count) -> None:
    """In a table and as JSON. What is no column of a person is still shown."""
    outcomes = {"masked": 0, "refused": 0}
    for sql in QUERIES:
        ended = shop.recs("query", sql, "--company", "concord", "--limit", "500", "--json")
        assert ended.code in (0, 2), (sql, ended.told)
        assert "Traceback" not in ended.told, sql
        assert not seen(VALUES, ended.told), sql
        if ended.code == 0:
            assert ended.json, sql
            assert not seen(VALUES, "".join(_texts(ended.json))), sql
            if sql.startswith("SELECT customer_id, ") and sql.endswith(" AS a FROM customers"):
                assert {row["customer_id"] for row in ended.json} == {f"c{n:03}" for n in range(100)}, sql
        else:
            assert len(ended.err.splitlines()) == 1, ended.err
        outcomes["masked" if ended.code == 0 else "refused"] += len(VALUES)
    for sql in QUERIES[::8]:
        assert not seen(VALUES, shop.recs("query", sql, "-c", "concord", "--limit", "500").told), sql
    count("personal values through queries", **outcomes)
    assert outcomes["refused"] < outcomes["masked"] // 8


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value as it is, without what JSON escapes."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield from (*_texts(key), *_texts(item))
        case list():
            for item in value:
                yield from _texts(item)


def test_the_plain_values_come_out_when_they_are_asked_for(shop: Terminal) -> None:
    """The attack would see them: only masking stands between."""
    ended = shop.recs("query", "SELECT email FROM customers", "-c", "concord", "--limit", "500", "--json", "--personal")
    assert sorted(row["email"] for row in ended.json) == sorted(value.text for value in VALUES)


def test_no_error_of_a_query_shows_one(shop: Terminal, some: Some[int], count: Count) -> None:
    one = "FROM customers WHERE customer_id = 'c{:03}'"
    asked = 0
    for number in some(range(len(VALUES)), 21):
        template = (
            "SELECT ERROR(email) AS a ",
            "SELECT CAST(email AS INT64) AS a ",
            "SELECT CAST(email AS DATE) AS a ",
            "SELECT PARSE_DATE('%Y', email) AS a ",
            "SELECT ERROR(CONCAT('a', REVERSE(email))) AS a ",
            "SELECT CAST(CAST(email AS BYTES) AS INT64) AS a ",
            "SELECT REGEXP_CONTAINS('a', CONCAT(email, '[')) AS a ",
        )[number % 7]
        ended = shop.recs("query", template + one.format(number), "--company", "concord")
        assert ended.code == 2, ended.told
        assert not seen(VALUES, ended.told), ended.told
        assert len(ended.err.splitlines()) == 1
        asked += 1
    streamed = "SELECT IF(customer_id = 'c099', ERROR(email), customer_id) AS a FROM customers ORDER BY 1"
    ended = shop.recs("query", streamed, "--company", "concord")
    assert (ended.code, seen(VALUES, ended.told)) == (2, [])
    count("personal values through errors of queries", hidden=asked + 1)


def profiles(values: Sequence[PersonalValue]) -> pa.Table:
    """The toy's customers; addresses stand in the id as well, which nobody declared to be personal."""
    ids = [f"{n:03} {value.text if value.is_address else ''}" for n, value in enumerate(values)]
    texts = [value.text for value in values]
    return pa.table({"as_of": [DAY] * len(values), "customer_id": ids, "email": texts, "nickname": texts[::-1]})


CHECKS = (
    "-- All.\n-- table: profiles\n-- severity: warn\nSELECT customer_id, email, nickname FROM profiles",
    "-- Renamed.\n-- table: profiles\n-- severity: warn\nSELECT email AS a, SUBSTR(email, 2) AS b FROM profiles",
    "-- Few.\n-- table: profiles\n-- severity: warn\n-- of: visit_counts\n"
    "SELECT MAX(email) AS a, ARRAY_AGG(nickname) AS b FROM profiles",
)


def kept(folder: Path) -> str:
    """Every byte below a folder that is not a lake's own."""
    return "\n".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "lake" not in path.relative_to(folder).parts
    )


def _kept_texts(instance: dg.DagsterInstance, run_id: str) -> str:
    """What the event log keeps of a run, without what JSON escapes."""
    said = [dg.serialize_value(entry) for entry in instance.all_logs(run_id)]
    return "\n".join("\n".join(_texts(json.loads(text))) for text in said)


@pytest.fixture
def dagster(tmp_path: Path) -> dg.DagsterInstance:
    """An instance with files, in the test's folder."""
    return dg.DagsterInstance.local_temp(str(_folder(tmp_path, "dagster")))


def run_of(folder: Path, dagster: dg.DagsterInstance, **given: Any) -> tuple[dg.ExecuteInProcessResult, str]:
    """A toy's day, and what is told of it. What is kept of it stands in files."""
    folder.mkdir()
    result = Toy(folder, instance=dagster, **given).run()
    told = summary(dagster, result.run_id)
    return result, "\n".join([_kept_texts(dagster, result.run_id), repr(told), *told.errors, *told.traces])


@pytest.mark.slow
def test_previews_and_checks_keep_none(
    tmp_path: Path, dagster: dg.DagsterInstance, some: Some[Sequence[PersonalValue]], count: Count
) -> None:
    """A preview shows five rows: all are shown so, and some by runs."""
    groups = [VALUES[at : at + 5] for at in range(0, len(VALUES), 5)]
    for values in groups:
        shown = markdown_table(profiles(values).to_pylist(), frozenset({"email", "nickname"}))
        assert not seen(values, shown)
    run = some(groups, 2)
    for number, values in enumerate(run):
        result, told = run_of(tmp_path / str(number), dagster, profiles=_giving(values), checks=CHECKS)
        assert result.success
        assert len(result.get_asset_check_evaluations()) == len(CHECKS)
        assert "***" in told
        assert not seen(values, told), seen(values, told)
    assert not seen(VALUES, kept(tmp_path)), seen(VALUES, kept(tmp_path))
    count("personal values through previews and checks", masked=len(VALUES) + 5 * 5 * len(run))


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _giving(values: Sequence[PersonalValue]) -> Any:
    return lambda days: profiles(values)


@pytest.mark.slow
def test_failed_runs_keep_none(tmp_path: Path, dagster: dg.DagsterInstance, count: Count) -> None:
    """Refused slices, mistakes, outages of code: what the run says, and what Dagster keeps of it."""
    first = VALUES[:5]
    repeated = pa.concat_tables([profiles(first), profiles(first)])
    wrong = profiles(ADDRESSES).set_column(0, "as_of", pa.array([value.text for value in ADDRESSES]))
    broken: Mapping[str, Any] = {
        "repeated": lambda days: repeated,
        "wrong": lambda days: wrong,
        "mistake": lambda days: _raise(UserError(_sentences(ADDRESSES))),
        "defect": lambda days: _raise(ValueError(_sentences(ADDRESSES))),
        "nested": lambda days: _raise_from(KeyError(ADDRESSES[0].text), RuntimeError([_sentences(ADDRESSES)])),
        "converted": lambda days: pd.DataFrame({"as_of": pd.to_datetime([ADDRESSES[3].text])}),
        "arrow": lambda days: pa.array([ADDRESSES[5].text]).cast(pa.int64()),
    }
    for name, give in broken.items():
        result, told = run_of(tmp_path / name, dagster, profiles=give)
        assert not result.success
        assert not seen(VALUES, told), (name, seen(VALUES, told))
    assert not seen(VALUES, kept(tmp_path)), seen(VALUES, kept(tmp_path))
    count("personal values through failed runs", masked=len(broken) * len(ADDRESSES))


def _sentences(values: Sequence[PersonalValue]) -> str:
    return "; ".join(f"no vehicle for {value.text.strip()} here" for value in values)


def _raise(error: Exception) -> Any:
    raise error


def _raise_from(cause: Exception, error: Exception) -> Any:
    try:
        raise cause
    except Exception as caught:
        raise error from caught


@pytest.mark.slow
def test_a_querys_failure_in_a_run_keeps_none(tmp_path: Path, dagster: dg.DagsterInstance) -> None:
    """A value that a query of a run cannot convert, named by nobody."""
    check = "-- Odd.\n-- table: profiles\n-- severity: warn\nSELECT CAST({} AS INT64) AS a FROM profiles WHERE {}"
    for column, condition in (("email", "TRUE"), ("nickname", "nickname <> ''"), ("REVERSE(email)", "TRUE")):
        folder = tmp_path / f"{len(column)}{len(condition)}"
        _, told = run_of(folder, dagster, profiles=_giving(VALUES[:20]), checks=[check.format(column, condition)])
        assert "The value is not shown: profiles holds personal data" in told
        assert not seen(VALUES, told), seen(VALUES, told)
    assert not seen(VALUES, kept(tmp_path)), seen(VALUES, kept(tmp_path))


@pytest.mark.slow
def test_texts_rows_and_reports_show_none(count: Count) -> None:
    """What is said at the terminal, in a report's files, and of a customer that `recs why` is asked for."""
    sentences = ("{}", "no vehicle for {}, skipped", "column email: '{}' is odd.", "asked by {} and jane@x.org", "({})")
    for value in ADDRESSES:
        for sentence in sentences:
            text = sentence.format(value.text)
            assert not seen(VALUES, mask_text(text)), text
            assert not seen(VALUES, str(UserError(text))), text
            assert not seen(VALUES, repr(mask_value({"a": [text, {"b": text.encode()}], text: (text,)}))), text
        spec = spec_of(Deliveries)
        row = dict.fromkeys(spec.arrow_schema.names) | {"send_id": value.text, "failure_reason": f"550 {value.text}"}
        assert not seen(VALUES, repr(rows_of(pa.Table.from_pylist([row], schema=spec.arrow_schema), spec)))
    for value in VALUES:
        assert not seen(VALUES, mask_email(value.text)), value
        row = mask_row({"a": value.text, "b": [value.text], "c": {"d": value.text}, "e": value.text.encode()}, "abcde")
        assert not seen(VALUES, repr(row))
        assert not seen(VALUES, repr(mask_row({"a": value.text}, derived=["a"])))
        spec = spec_of(Customers)
        row = dict.fromkeys(spec.arrow_schema.names) | {"customer_id": "c", "email": value.text}
        assert not seen(VALUES, repr(rows_of(pa.Table.from_pylist([row], schema=spec.arrow_schema), spec)))
    with redirect_stderr(io.StringIO()) as told:
        tell_error(_sentences(ADDRESSES))
        tell_trace(_sentences(ADDRESSES))
    assert not seen(VALUES, told.getvalue())
    count("personal values through texts and reports", masked=len(ADDRESSES) * len(sentences) * 3 + len(VALUES) * 4)


@pytest.mark.slow
def test_masking_is_no_way_to_stop_the_platform() -> None:
    """A text of many characters that looks like the beginning of an address everywhere."""
    for text in ("a" * 10**5, '"' * 10**5, "A " * 10**5, "<" * 10**5, "'" * 10**5, "a@" * 10**5, "@" + "." * 10**5):
        assert len(mask_text(f"{text} @ <a@b>")) > 5


def test_masking_twice_is_masking_once() -> None:
    for value in ADDRESSES:
        once = mask_text(f"asked by {value.text} today")
        assert mask_text(once) == once


def test_what_is_nobodys_stays_as_it_is() -> None:
    for text in (
        "query:1: @minimum is not bound; a query may use @as_of.",
        "cannot read `-- given: x`; write `-- given: <@parameter, @parameter ...>`",
        "3 of 4 rows (75.00%) violate the rule (none allowed).",
        "price @ 5, look at events[0] <b>",
        "/home/jane/data[1].csv: column `e-mail` is missing.",
    ):
        assert mask_text(text) == text
    row = {"customer_id": "c1", "n": 3, "at": Days.one(DAY).first, "raw": b"\x00\x01", "list": ["a", None]}
    assert mask_row(row) == row
    assert not spec_of(Events).personal
    assert profiles_of(Days.one(DAY)).num_rows == 2
