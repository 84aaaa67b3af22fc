"""The script of Dagster's UI that is mended. When this fails after an upgrade, see whether there is still something to
mend: a job's Partitions page of a company that was made must not say that all is missing."""

from __future__ import annotations

from recs_platform.automation.web_mend import SCRIPTS, mended_scripts


def test_one_place_of_one_script_is_mended_and_nothing_else() -> None:
    ((name, mended),) = mended_scripts().items()
    (path,) = SCRIPTS.rglob(name)
    shipped, copied, in_place = path.read_text(encoding="utf-8"), "?[...e].reverse():e)", "?e.reverse():e)"
    assert mended.count(copied) == shipped.count(copied) + 1
    assert len(mended) == len(shipped) + len(copied) - len(in_place)
    assert mended.replace(copied, in_place) == shipped.replace(copied, in_place)
