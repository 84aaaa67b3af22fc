"""What a small table says is attached to its asset by a real run, masked, and a picture that cannot be written is no
reason to fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.automation.housekeeping.leftovers import sweep_reports
from recs_platform.companies.model import Company
from recs_platform.file_store.environment import open_files
from recs_platform.file_store.local import LocalFiles
from recs_platform.pipeline.stage import FrameTable
from recs_platform.reporting.presentation import Presentation, markdown_image, write_picture
from recs_platform.settings import settings
from recs_platform_tests.pipeline.toy import DAY, Toy, materialized, scores
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.warehouse.conftest import open_lake


def says(company: Company, day: date, rows: Sequence[Mapping[str, Any]]) -> Presentation:
    return Presentation(f"{company.name} has {len(rows)} scores on {day}.", b"picture" if rows else None)


SAYING: FrameTable = replace(scores, present=says)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path, features=(SAYING,))


def test_words_table_and_picture_are_attached(toy: Toy, own_home: Path) -> None:
    seen = materialized(toy.run())["scores"]
    assert seen["summary"] == f"shop has 2 scores on {DAY}."
    assert seen["table"].splitlines()[0] == "| as_of | customer_id | score |"
    assert len(seen["table"].splitlines()) == 4
    assert seen["picture"] == "![scores](data:image/svg+xml;base64,cGljdHVyZQ==)"
    assert Path(seen["picture_file"]) == own_home / "reports" / "shop" / str(DAY) / "scores.svg"
    assert Path(seen["picture_file"]).read_bytes() == b"picture"


@pytest.mark.slow
def test_a_run_whose_tables_and_pictures_are_in_a_bucket(
    toy: Toy, store: Store, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECS_FILES_URL", files := store.new_folder())
    settings.cache_clear()
    toy.warehouse = open_lake(store.new_folder(), toy.folder / "scratch")
    seen = materialized(toy.run())["scores"]
    assert seen["picture_file"] == f"{files}/reports/shop/{DAY}/scores.svg"
    assert list(open_files().listed("")) == [f"reports/shop/{DAY}/scores.svg"]
    assert open_files().read(f"reports/shop/{DAY}/scores.svg") == b"picture"
    assert not (own_home / "reports").exists()
    swept = [sweep_reports(open_files(), datetime.now(UTC) + timedelta(days=1), dry_run=dry) for dry in (True, False)]
    assert [freed.files for freed in swept] == [1, 1]
    assert open_files().listed("reports") == {}


def test_a_picture_in_words_and_as_a_file(tmp_path: Path) -> None:
    assert markdown_image(b"<svg/>", "scores") == "![scores](data:image/svg+xml;base64,PHN2Zy8+)"
    place = write_picture(LocalFiles(tmp_path), "shop", DAY, "scores", b"<svg/>")
    assert place == f"{tmp_path}/reports/shop/{DAY}/scores.svg"


def test_a_table_may_have_several_pictures(toy: Toy, own_home: Path) -> None:
    several = Presentation("Two.", b"picture", {"lift": b"<svg/>"})
    toy.features = (replace(scores, present=lambda company, day, rows: several),)
    seen = materialized(toy.run())["scores"]
    assert seen["picture"] == "![scores](data:image/svg+xml;base64,cGljdHVyZQ==)"
    assert seen["picture_lift"] == "![scores_lift](data:image/svg+xml;base64,PHN2Zy8+)"
    assert Path(seen["picture_file"]).name == "scores.svg"
    assert Path(seen["picture_lift_file"]) == own_home / "reports" / "shop" / str(DAY) / "scores_lift.svg"
    assert Path(seen["picture_lift_file"]).read_bytes() == b"<svg/>"
    assert Presentation("None.", more={"lift": b"<svg/>"}).pictures() == {"_lift": b"<svg/>"}


def test_an_empty_table_speaks_too(toy: Toy) -> None:
    toy.features = (FrameTable(scores.spec, lambda company, days: _nobody(), {}, present=says),)
    seen = materialized(toy.run())["scores"]
    assert seen["summary"] == f"shop has 0 scores on {DAY}."
    assert seen.keys().isdisjoint({"table", "picture", "picture_file"})


def test_other_tables_say_nothing(toy: Toy) -> None:
    assert materialized(toy.run())["visit_counts"].keys().isdisjoint({"summary", "table", "picture"})


def test_a_picture_that_cannot_be_written(toy: Toy, own_home: Path) -> None:
    own_home.mkdir(parents=True, exist_ok=True)
    (own_home / "reports").write_text("a file where the folder should be")
    run = toy.run()
    assert run.success
    seen = materialized(run)["scores"]
    assert seen["picture"].startswith("![scores]")
    assert "picture_file" not in seen
    assert len(toy.rows(scores.spec.model)) == 2


def _nobody() -> Any:
    return scores.spec.arrow_schema.empty_table()
