"""What looks like markup, in data, names, paths and options: it is shown as it is, and stops nothing."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from recs_platform.cli.output import console, print_table, say, styled, tell_error, tell_trace
from recs_platform.cli.progress import _progress
from recs_platform_tests.attacks.stocked import stocked
from recs_platform_tests.cli.terminal import Ended, Terminal

ODD = ("[/b]", "[/x]", "[bold]b[/bold]", "[red]", "[link=x]y[/link]", "[@click=x]y", ":warning:", "[1]", "\\[", "[[/]]")


def shown(ended: Ended) -> str:
    """Without the breaks that tables and terminals put in."""
    return "".join(ended.told.split())


@pytest.mark.parametrize("odd", ODD)
def test_every_way_to_say_something_says_it_as_it_is(odd: str) -> None:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        say(odd, " ", (odd, "bold red"))
        print_table(odd, (odd, "n"), [(odd, 1), (styled((odd, "green")), 2)], right=1)
        console.print(odd)
        tell_error(odd)
        tell_trace(odd)
        progress = _progress(quiet=False)
        progress.add_task(odd, total=None)
        console.print(progress.make_tasks_table(progress.tasks))
    assert out.getvalue().count(odd) == 2 + 4 + 1 + 1
    assert err.getvalue() == f"error: {odd}.\n{odd}\n"


def test_what_would_move_the_cursor_is_not_printed() -> None:
    with redirect_stdout(io.StringIO()) as out:
        say("a\x1b[31mb\x1b]0;title\x07c\rd\x9be")
        print_table("", ["x"], [["\x1b[2Jf"]])
    assert not {"\x1b", "\x07", "\r", "\x9b"} & set(out.getvalue())
    assert "a\ufffd[31mb" in out.getvalue()


def test_brackets_in_data(tmp_path: Path) -> None:
    goods = [{"item_id": f"i{n}", "name": odd, "price": 1.0} for n, odd in enumerate(ODD)]
    terminal = stocked(tmp_path, {"concord": {"catalog": goods}})
    for sql in (
        "SELECT item_id, name FROM catalog",
        "SELECT name AS `[/b]`, [name] AS list, STRUCT(name) AS s FROM catalog",
    ):
        ended = terminal.recs("query", sql, "-c", "concord")
        assert ended.code == 0, ended.told
        assert all("".join(odd.split()) in shown(ended) for odd in ODD if "\\" not in odd or "STRUCT" not in sql)
    ended = terminal.recs("query", "SELECT item_id FROM catalog WHERE ERROR(name)", "-c", "concord")
    assert ended.code == 2
    assert "[/b]" in ended.told


@pytest.mark.parametrize("odd", ["[/b]", "[/x]", "[red]r"])
def test_brackets_in_arguments_and_options(terminal: Terminal, odd: str) -> None:
    day = ("--date", "2025-09-02")
    commands = (
        ("status", "-c", odd),
        ("run", "--company", odd, *day),
        ("run", "--company", "concord", "--date", odd),
        ("backfill", "--company", odd, "--from", "2025-09-01", "--to", "2025-09-02"),
        ("query", f"SELECT '{odd}' AS a, 'x FROM y", "-c", "concord"),
        ("query", f"SELECT `{odd}` FROM customers", "-c", "concord"),
        ("query", "SELECT 1 AS a", "-c", odd),
        ("query", "SELECT 1 AS a", "-c", "concord", "--date", odd),
        ("publish", odd),
        ("publish", "acme", "--product", odd),
        ("publications", odd),
        ("rollback", odd, "--to", "1"),
        ("rollback", "acme", "--to", odd),
        ("why", odd, odd),
        ("compare", odd),
        ("models", "list", odd),
        ("models", "activate", "metro", odd),
        ("report", "campaign", odd),
        ("simulate", odd),
        ("bench", odd),
        ("sql", "show", odd, "-c", "concord"),
        ("companies", "check", odd),
        ("companies", "new", odd, "--strategy", "replenishment"),
        ("companies", "new", "northwind", "--strategy", odd),
        (odd,),
        ("status", f"--{odd}"),
    )
    told = 0
    for command in commands:
        ended = terminal.recs(*command)
        assert ended.code == 2, (command, ended.told)
        assert "Traceback" not in ended.told, (command, ended.told)
        assert ended.out == "", command
        told += odd in ended.err
    # A few stumble over something else before.
    assert told >= len(commands) - 6


def test_brackets_in_paths(tmp_path: Path) -> None:
    folder = tmp_path / "a[/b]c [red]d"
    folder.mkdir(parents=True)
    terminal = Terminal(folder)
    terminal.companies.mkdir()
    made = terminal.recs("companies", "new", "northwind", "--strategy", "replenishment")
    assert made.code == 0, made.told
    assert f"Wrote {terminal.companies / 'northwind.yaml'}." in made.told
    (terminal.companies / "northwind.yaml").write_text("name: northwind\nstrategy: '[/b]'\n")
    broken = terminal.recs("companies", "check", "northwind")
    assert broken.code == 2
    assert str(terminal.companies / "northwind.yaml") in broken.told
    assert '"[/b]"' in broken.told


def test_brackets_in_what_a_check_of_sources_says(terminal: Terminal) -> None:
    path = terminal.companies / "acme.yaml"
    path.write_text(path.read_text() + 'sources: {catalog: {connector: files, path: "no[/b]where/[red].csv"}}\n')
    ended = terminal.recs("companies", "check", "acme")
    assert ended.code == 2
    assert "no[/b]where/[red].csv" in ended.told
