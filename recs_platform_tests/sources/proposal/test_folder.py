"""A folder of files: what can be read is read, and what cannot is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.errors import ConfigError
from recs_platform.sources.proposal.folder import feeds_in


def test_a_bad_file_beside_a_good_one_is_said_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,sku\n1,A\n2,B\n")
    (tmp_path / "events.csv").write_bytes(b"\xff\xfe\x00junk")
    feeds, said = feeds_in(tmp_path)
    assert [feed.name for feed in feeds] == ["orders"]
    assert said == [f"{tmp_path / 'events.csv'}: cannot be read as CSV; export it again, with quotes around its texts"]


def test_a_bad_file_alone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_bytes(b"\xff\xfe\x00junk")
    with pytest.raises(ConfigError, match=r"events\.csv: cannot be read as CSV"):
        feeds_in(tmp_path)
