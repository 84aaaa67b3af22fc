"""A proposed company as its YAML file: what was decided, on what evidence, how sure that is, what is left to decide.

What is doubtful says "please check"; what could not be decided is a comment. No value of a person stands in it. Not
here: deciding (proposed_company.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from recs_platform.companies.source_tables import column_comments, fed, type_words
from recs_platform.masking import mask_text
from recs_platform.schemas.table import Column
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_matching import Match, certainty
from recs_platform.sources.proposal.column_values import Kind
from recs_platform.sources.proposal.derivations import Derived
from recs_platform.sources.proposal.proposed_company import ProposedCompany, Stated
from recs_platform.sources.proposal.table_matching import TableMatch, table_certainty

_WIDEST, _LONGEST_NAME = 118, 200
_MOST_METRICS, _LONGEST_METRIC = 5, 40
_METRIC = re.compile(r"[a-z]")
_PLAIN = re.compile(r"[A-Za-z_][\w ./-]*\Z")
_NO_TIMES = (
    "the log has no times, and several clients have the same order numbers: each is taken for its client's own, so "
    "many days after the one before; a client's last is on end_date"
)
_RESERVED = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"])


def company_yaml(company: ProposedCompany) -> str:
    # What comes from the data may have line ends of its own, which would end a comment.
    return "\n".join(" ".join(line.splitlines()) if line.strip() else line for line in _lines(company)) + "\n"


def questions_of(company: ProposedCompany) -> Iterator[str]:
    """What a person has to decide or to look at, a sentence each."""
    for group in company.needed_and_missing:
        yield f"{company.strategy} needs {' or '.join(group)}, and nothing there is like it"
    for stated, key in ((company.first_day, "start_date"), (company.currency, "currency")):
        if stated.check and not (key == "currency" and _tells_no_prices(company)):
            yield f"{key}: {stated.value}, {stated.why}"
    for match in company.tables:
        for name in match.missing:
            yield f"{match.spec.name}.{name} is required, and {match.feed.where} has nothing like it"
        if not match.missing and table_certainty(match) == "please check":
            yield f"{match.spec.name}: is it {match.feed.where}?"
        for column, found in match.matches.items():
            if found.values.open_question and _written_matters(found.column):
                yield f"{match.spec.name}.{column}: {found.values.open_question}"
            elif certainty(found.score) == "please check":
                yield f"{match.spec.name}.{column}: is it {', '.join(found.names)}?"
        for column, derived in _derived(match).items():
            if certainty(derived.score) == "please check":
                yield f"{match.spec.name}.{column}: {derived.why}"
        if match.log and match.log.step:
            yield f"{match.spec.name}.days_between_orders: {_NO_TIMES}"
        if (zone := _zone_question(match)) is not None:
            yield zone
    kept = _kept_events(company)
    for raw, canonical in company.event_names.items():
        if canonical is None and raw in kept:
            yield f'event_names: what is "{raw}"? Now it is a metric that arms are compared by'
        elif canonical is None:
            yield f'event_names: what is "{mask_text(raw)}"? Without a line its rows are rejected'
    for (table, column), words in company.known_ids.items():
        if words.startswith("only"):
            yield f"{table}.{column}: {words}; are these the same identifiers?"


def _lines(company: ProposedCompany) -> Iterator[str]:
    yield f"# {company.strategy.title}. Proposed from {company.origin}: nothing here is final."
    yield "# Each line says how it is known. Look at those that say `please check`; what is undecided is a comment."
    yield f"# Then: recs companies check {company.name}"
    if questions := list(questions_of(company)):
        yield "#"
        yield "# Please check:"
        yield from _comment(questions)
    yield f"name: {company.name}"
    yield _noted(f"strategy: {company.strategy}", company.strategy_why)
    short = _tells_no_prices(company)
    if not short:
        yield f"dataset: {company.name}"
    yield _noted("timezone: UTC", "please check: when your day is over, such as Europe/Berlin; the data does not say")
    if not short:
        yield _stated("currency", company.currency)
    yield _stated("start_date", company.first_day)
    if company.end_day:
        yield _stated("end_date", company.end_day)
    yield ""
    yield "sources:"
    for match in company.tables:
        yield from _source(company, match)
    yield from _not_found(company)
    yield from _event_names(company)
    if company.leftovers or company.said:
        yield ""
        yield "# Not used:"
        yield from _comment([*(f"{left.feed.where}: {left.why}" for left in company.leftovers), *company.said])
    yield from _parameters(company)


def _tells_no_prices(company: ProposedCompany) -> bool:
    """A log of purchases without what they cost needs no currency."""
    prices = {"unit_price", "price", "cost"}
    there = {name for match in company.tables for name in (*match.matches, *match.derived)}
    return any(match.log for match in company.tables) and not prices & there


def _stated(key: str, stated: Stated) -> str:
    return _noted(f"{key}: {stated.value}", f"please check: {stated.why}" if stated.check else stated.why)


def _noted(line: str, note: str) -> str:
    return f"{line}  # {mask_text(note)}"


def _comment(sentences: list[str]) -> Iterator[str]:
    for sentence in sentences:
        yield f"# - {mask_text(sentence)}{'' if sentence.endswith('?') else '.'}"


def _source(company: ProposedCompany, match: TableMatch) -> Iterator[str]:
    spec, feed = match.spec, match.feed
    yield ""
    yield f"  # {spec.name} <- {mask_text(feed.where)}: {table_certainty(match)}. {match.why}."
    for sentence in feed.evidence:
        yield f"  # {mask_text(sentence)}."
    if match.missing:
        yield from _missing(match)
    undecided = bool(match.missing) and spec.name in company.strategy.optional
    if undecided:
        yield f"  # {company.strategy} can do without it, so it is a comment as it is:"
    known = {column: f"; {words}" for (table, column), words in company.known_ids.items() if table == spec.name}
    written = _sql_lines(company, match, known) if feed.from_clause else _file_lines(match, known)
    for line in (f"  {spec.name}:", *written):
        yield f"  # {line[2:]}" if undecided else line


def _missing(match: TableMatch) -> Iterator[str]:
    columns = {column.name: column for column in fed(match.spec)}
    for name in match.missing:
        column = columns[name]
        yield f"  # MISSING {name}, {type_words(column)}: {column.description} Name its column, or give a constant."


def _file_lines(match: TableMatch, known: Mapping[str, str]) -> Iterator[str]:
    yield f"    connector: {'purchases' if match.log else 'files'}"
    for key, value in match.feed.options.items():
        yield f"    {key}: {_value(value)}"
    yield from _numbers(match)
    yield from _times(match)
    if match.log and match.log.step:
        yield _noted(f"    days_between_orders: {match.log.step}", "please check, see above")
    renamed = {name: found for name, found in match.matches.items() if name not in match.derived}
    if renamed:
        yield "    columns:"
        yield from _aligned(
            (f"      {_key(match, name)}: {_names_in(match, found)}", _evidence(found) + known.get(name, ""))
            for name, found in renamed.items()
        )
    computed = {name: derived for name, derived in _derived(match).items() if derived.expression}
    if computed:
        yield "    expressions:"
        for name, derived in computed.items():
            yield f"      # {_derived_note(derived)}"
            yield f"      {name}: {_value(derived.expression)}"
    yield from _constants(match)
    yield from _left(match)


def _sql_lines(company: ProposedCompany, match: TableMatch, known: Mapping[str, str]) -> Iterator[str]:
    yield "    connector: sql"
    yield f"    url_env: {company.variable}"
    selected = []
    for name, found in match.matches.items():
        if name not in match.derived:
            yield f"    # {name}: {found.names[0]}. {_evidence(found)}{known.get(name, '')}"
            selected.append(f"{found.raw[0].reference} AS {name}")
    for name, derived in match.derived.items():
        if derived.query:
            yield f"    # {name}: {_derived_note(derived)}"
            selected.append(f"{derived.query} AS {name}")
    if match.spec.time_column in match.matches:
        yield "    # It reads all rows each time. Of a large table read a day: WHERE CAST(<its time> AS DATE) = :as_of"
    yield "    query: |"
    yield "      SELECT"
    yield from (f"        {column}{',' if column != selected[-1] else ''}" for column in selected)
    yield f"      FROM {match.feed.from_clause}"
    yield from _constants(match)
    yield from _left(match)


def _derived(match: TableMatch) -> Mapping[str, Derived]:
    """What the file must say of columns that are computed or stated; a log of purchases says it by what it is."""
    made = ("event_id", "event_name", "order_id") if match.log else ()
    return {name: derived for name, derived in match.derived.items() if name not in made}


def _key(match: TableMatch, name: str) -> str:
    return "ordered_at" if match.log and name == match.spec.time_column else name


def _names_in(match: TableMatch, found: Match) -> str:
    return _value(match.log.order) if match.log and found.column.name == "order_id" else _raw_names(found)


def _constants(match: TableMatch) -> Iterator[str]:
    stated = {name: derived for name, derived in _derived(match).items() if derived.constant is not None}
    if stated:
        yield "    constants:"
        for name, derived in stated.items():
            yield _noted(f"      {name}: {_value(derived.constant)}", _derived_note(derived))


def _left(match: TableMatch) -> Iterator[str]:
    absent = [
        column.name
        for column in fed(match.spec)
        if column.name not in match.matches and column.name not in match.derived
    ]
    if match.left:
        yield f"    # Columns left aside: {mask_text(', '.join(match.left))}"
    if nullable := [name for name in absent if name not in match.missing]:
        yield f"    # Columns it may have, and does not: {', '.join(nullable)}"


def _numbers(match: TableMatch) -> Iterator[str]:
    """The decimal sign of the columns that are read as numbers."""
    numbers = [
        found
        for name, found in match.matches.items()
        if found.column.type in (pa.float64(), pa.int64()) and name not in match.derived and found.values.decimal
    ]
    commas = [found for found in numbers if found.values.decimal == ","]
    if commas:
        note = commas[0].values.why
        if len(commas) < len(numbers):
            points = next(found for found in numbers if found not in commas)
            note += f"; please check: {points.names[0]} has points"
        yield _noted('    decimal: ","', note)
    grouped = next((found.values.thousands for found in numbers if found.values.thousands), "")
    if grouped:
        yield f"    thousands: {_value(grouped)}"


def _times(match: TableMatch) -> Iterator[str]:
    times = {
        name: found
        for name, found in match.matches.items()
        if _is_time(found.column) and found.values.formats and name not in match.derived
    }
    decided = {name: found for name, found in times.items() if len(found.values.formats) == 1}
    if decided:
        yield "    dates:"
        for name, found in decided.items():
            yield _noted(f'      {_key(match, name)}: "{found.values.formats[0]}"', found.values.why)
    for name, found in times.items():
        if name not in decided:
            yield f"    # please check: {mask_text(found.values.open_question)}. Take out one `#` of each pair:"
            yield "    # dates:" if not decided else "    # under dates:"
            yield from (f'    #   {_key(match, name)}: "{form}"' for form in found.values.formats)
    if any(_is_moment(found) for found in match.matches.values()):
        yield "    # timezone: Europe/Berlin  # please check: its times name no zone, and are taken for UTC"


def _zone_question(match: TableMatch) -> str | None:
    if match.feed.from_clause or not any(_is_moment(found) for found in match.matches.values()):
        return None
    return f"{match.spec.name}: its times name no zone and are read as UTC; if they are of another, write `timezone:`"


def _is_moment(found: Match) -> bool:
    zoned = any(re.search(r":\d\d.*(Z|UTC|[+-]\d\d:?\d\d)$", value) for value in found.raw[0].values[:50])
    return found.column.type == pa.timestamp("us") and found.values.kind is Kind.MOMENT and not zoned


def _is_time(column: Column) -> bool:
    return column.type in (pa.date32(), pa.timestamp("us"))


def _written_matters(column: Column) -> bool:
    """Whether it matters how its values are written."""
    return column.type != pa.string()


def _evidence(found: Match) -> str:
    sure = certainty(found.score)
    return f"{sure}: {found.why}"


def _derived_note(derived: Derived) -> str:
    return mask_text(f"{certainty(derived.score)}: {derived.why}")


def _raw_names(found: Match) -> str:
    names = [_value(name) for name in found.names]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _aligned(lines: Any) -> Iterator[str]:
    pairs = list(lines)
    widest = min(44, max(len(line) for line, _ in pairs))
    for line, note in pairs:
        yield f"{line:<{widest}}  # {mask_text(note)}"


def _value(value: Any) -> str:
    """A scalar of YAML, quoted where it must be."""
    text = str(value)
    if isinstance(value, str) and (not _PLAIN.match(text) or text.lower() in _RESERVED or text != text.strip()):
        return json.dumps(text, ensure_ascii=not text.isprintable())
    return text


def _not_found(company: ProposedCompany) -> Iterator[str]:
    needed = {name for group in company.needed_and_missing for name in group}
    if any(match.log for match in company.tables):
        yield ""
        yield f"  # Not found, and {company.strategy} can do without: {', '.join(company.not_found)}."
        yield "  # What one holds: recs companies template TABLE"
        return
    for name in company.not_found:
        spec = company.strategy.sources[name]
        kind = "needed" if name in needed else "optional"
        yield ""
        yield f"  # {name}: not found ({kind}). {spec.description}"
        yield from (f"  #   {line}"[:_WIDEST] for line in column_comments(spec))


def _parameters(company: ProposedCompany) -> Iterator[str]:
    yield ""
    yield "# Parameters have defaults; docs/companies.md lists them."
    kept = _kept_events(company)
    days = next((match.log.history_days for match in company.tables if match.log), None)
    if not kept and not days:
        yield "# parameters:"
        yield "#   campaign_window_days: 93"
        return
    yield "parameters:"
    if days:
        yield f"  history_days: {days}  # all orders of the longest history"
    if not kept:
        return
    yield "  metrics:  # please check: what arms are compared by, too; rows of events that have a metric are kept"
    for raw in kept:
        name = synonyms.plain(raw).replace(" ", "_")[:_LONGEST_METRIC] or "visits"
        yield f"    - {{name: {name}, event: {_value(raw)}, kind: rate}}"


def _kept_events(company: ProposedCompany) -> list[str]:
    """Events of the feed's own that messages can be measured by, the most frequent ones."""
    if not any(match.spec.name == "treatments" for match in company.tables):
        return []
    own = [raw for raw, canonical in company.event_names.items() if canonical is None and mask_text(raw) == raw]
    names = {synonyms.plain(raw)[:_LONGEST_METRIC]: raw for raw in reversed(own) if _METRIC.match(synonyms.plain(raw))}
    return list(reversed(names.values()))[:_MOST_METRICS]


def _event_names(company: ProposedCompany) -> Iterator[str]:
    if not any(match.spec.name == "events" and not match.log for match in company.tables):
        return
    yield ""
    yield "# What the feed calls things, raw name: canonical name."
    known: Mapping[str, str | None] = company.event_names
    if any(known.values()):
        yield "event_names:"
    for raw, canonical in known.items():
        if len(raw) > _LONGEST_NAME:
            continue
        if canonical is None:
            becomes = "it is kept for a metric, below" if raw in _kept_events(company) else "its rows are rejected"
            yield f"  # {_value(raw)}: ?  # please check: no canonical name is like it; {becomes}"
        else:
            yield f"  {_value(raw)}: {canonical}"
