"""What a company file may not be, as YAML: each is one sentence with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.companies.yaml_file import read_yaml
from recs_platform.errors import ConfigError

NO_TEXT = "{at}: it has a character that is not text in UTF-8."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!int x", '{at}:1:4: the tag "tag:yaml.org,2002:int" is not allowed; write the plain value.'),
        ("a: !mine {}", '{at}:1:4: the tag "!mine" is not allowed; write the plain value.'),
        (f"a: {'9' * 5_000}", "{at}:1:4: a number of 5,000 characters is too long; quote it if it is a text."),
        (f"a: {':'.join(['59'] * 20)}.0", "{at}:1:4: a number of 61 characters is too long; quote it if it is a text."),
        (f"a: {'[' * 2_000}", "{at}:1:33: it is nested more than 30 deep."),
        ("a: &x [*x]", "{at}:1:8: there is nothing called *x before this."),
        (
            "a0: &a0 [x, x]\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
            "{at}:6:35: it has more than 200,000 values, those that are repeated by * counted each time.",
        ),
        ('a: "\\ud800"', '{at}:1:4: the text "\\ud800" has a character that is no text (U+D800).'),
        ('a: "\\0"', '{at}:1:4: the text "\\x00" has a character that is no text (U+0000).'),
        ('a: "\\U00110000"', NO_TEXT),
        ("<<: {a: 1}", "{at}:1:1: the key << is not allowed; write the keys out."),
        ("? [a, b]\n: 1", "{at}:1:3: the key ['a', 'b'] is not text; quote it."),
        ("x" * 2_000_001, "{at}: is larger than 2 MB, which no company file is."),
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_what_is_not_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    said = str(caught.value).replace(str(path), "{at}").replace("not valid YAML: ", "")
    assert said == message


def test_an_alias_stands_for_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text("a: &columns {item_id: SKU}\nb: *columns\nc: [*columns, &n 5, *n]\n")
    columns = {"item_id": "SKU"}
    assert read_yaml(path) == {"a": columns, "b": columns, "c": [columns, 5, 5]}
