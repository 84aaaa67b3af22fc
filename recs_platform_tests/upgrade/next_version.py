"""The next version of the platform: this one, copied, with one more revision of the database, and models that use it.

It is a program of its own, in processes of its own: nothing of it is imported here.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import recs_platform
from recs_platform.platform_db.revisions import HEAD
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.upgrade.loaded import Loaded, loaded

NEXT = f"{int(HEAD) + 1:04}"
DIE = "DIE_IN_THE_MIGRATION"
_PACKAGE = Path(recs_platform.__file__).parent
_BESIDE = ("sql", "examples", "dagster.yaml", "workspace.yaml")

_REVISION = '''"""What the next version adds{also}."""

import os
import signal

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{next}", "{head}"
OLDEST_PROGRAM = "{oldest}"


def upgrade():
    op.create_table("run_remarks", sa.Column("run_id", sa.String(64), primary_key=True))
    op.add_column("job_log", sa.Column("made_by", sa.String(64)))
    op.create_index("ix_job_log_made_by", "job_log", ["made_by"])
    with op.batch_alter_table("publications") as table:
        table.add_column(sa.Column("places", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE job_log SET made_by = 'an older version' WHERE ended_at IS NOT NULL")
    if os.environ.get("{die}"):
        os.kill(os.getpid(), signal.{signal})
    {change}
'''
_ALSO = 'op.execute("ALTER TABLE ledger_slices RENAME COLUMN note TO remark")'
_MODELS = {
    '    failed: Mapped[str | None] = mapped_column(Text)\n    """The tables': (
        '    made_by: Mapped[str | None] = mapped_column(String(64), default="the next version")\n'
        '    failed: Mapped[str | None] = mapped_column(Text)\n    """The tables'
    )
}
_RENAMED = {
    '    note: Mapped[str] = mapped_column(Text)\n    """JSON: what the writer said of it."""': (
        '    note: Mapped[str] = mapped_column("remark", Text)\n    """JSON: what the writer said of it."""'
    )
}


@dataclass(frozen=True)
class NextVersion:
    folder: Path
    oldest: str
    """The oldest program that may use its database."""
    version: Loaded

    @classmethod
    @contextmanager
    def made_in(cls, folder: Path, *, serves_this_one: bool) -> Iterator[NextVersion]:
        """`serves_this_one`: it only adds. Otherwise it renames a column that this version uses, too."""
        package = folder / "recs_platform"
        # With what Python has compiled, but for what it is writing at this moment.
        shutil.copytree(_PACKAGE, package, ignore=shutil.ignore_patterns("*.pyc.*"))
        for name in _BESIDE:
            if (_PACKAGE.parent / name).exists():
                (folder / name).symlink_to(_PACKAGE.parent / name)
        oldest = HEAD if serves_this_one else NEXT
        revision = _REVISION.format(
            also="" if serves_this_one else ", and a column that has another name",
            next=NEXT,
            head=HEAD,
            oldest=oldest,
            die=DIE,
            signal=signal.SIGKILL.name,
            change="" if serves_this_one else _ALSO,
        )
        (package / "platform_db" / "migrations" / "versions" / f"r{NEXT}_next.py").write_text(revision)
        _replace(package / "platform_db" / "revisions.py", {f'HEAD = "{HEAD}"': f'HEAD = "{NEXT}"'})
        _replace(package / "platform_db" / "tables.py", _MODELS if serves_this_one else {**_MODELS, **_RENAMED})
        with loaded(folder) as version:
            yield cls(folder, oldest, version)

    def recs(self, terminal: Terminal, *arguments: str, **variables: str) -> Ended:
        return self.version.recs(terminal, *arguments, **variables)


def _replace(path: Path, texts: dict[str, str]) -> None:
    text = path.read_text()
    for old, new in texts.items():
        assert text.count(old) == 1, f"{path}: {old}"
        text = text.replace(old, new)
    path.write_text(text)
