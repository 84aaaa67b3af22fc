"""Where this environment keeps its models and reports."""

from __future__ import annotations

from pathlib import Path

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.settings import settings


def open_files() -> FileStore:
    files = settings().files
    return Bucket(files, "RECS_FILES_URL") if is_bucket(files) else LocalFiles(Path(files).absolute())
