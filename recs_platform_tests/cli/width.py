"""What a command says on a narrow terminal, held against the same on one that is wide enough for everything."""

from __future__ import annotations

from collections.abc import Callable

from recs_platform_tests.cli.terminal import Ended

NARROW = {"TTY_COMPATIBLE": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}
WIDE = {**NARROW, "COLUMNS": "100000"}


def words(text: str) -> set[str]:
    """Everything between spaces; names of records stand before a colon there and above a column here."""
    return {word.removesuffix(":") for word in text.split() if "─" not in word}


def check_narrow(command: Callable[[dict[str, str]], Ended]) -> Ended:
    """No word is broken, and no line is longer than the terminal is wide, unless it is one word or one command."""
    narrow, wide = command(NARROW), command(WIDE)
    assert narrow.code == wide.code
    for is_narrow, is_wide in ((narrow.out, wide.out), (narrow.err, wide.err)):
        assert words(is_narrow) == words(is_wide)
    for line in (narrow.out + narrow.err).splitlines():
        assert len(line) <= 80 or line.startswith(("recs ", "/")) or " " not in line.strip(), line
    return narrow
