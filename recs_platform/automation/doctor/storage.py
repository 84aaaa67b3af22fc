"""Folders: whether they are there, can be written to, and are closed to others. Files of a home hold personal data."""

from __future__ import annotations

import os
import stat
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home, is_there
from recs_platform.errors import UnavailableError, UserError
from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.settings import Settings, WarehouseKind
from recs_platform.warehouse.environment import bigquery_problem


def examine(home: Home) -> Iterator[Examined]:
    folder = home.settings.home.absolute()
    if not is_there(folder):
        yield _missing_home(folder)
    else:
        yield _folder("home", folder)
        yield from _open_to_others(folder)
    if home.settings.warehouse is WarehouseKind.BIGQUERY:
        yield _bigquery(home.settings)
    elif home.lake is None:
        yield _bucket("lake", Bucket(home.settings.lake, "RECS_LAKE_URL"))
    elif not is_there(home.lake):
        yield warning(f"the lake {home.lake} is not there: no table was ever made", _BEGIN)
    else:
        yield _folder("lake", home.lake)
        if folder not in home.lake.absolute().parents:
            yield from _open_to_others(home.lake)
    if is_bucket(home.settings.files):
        yield _bucket("files", Bucket(home.settings.files, "RECS_FILES_URL"))
    if is_there(home.dagster_home):
        yield from _open_to_others(home.dagster_home)


_BEGIN = "Set RECS_HOME to the folder that holds your tables, or make the first day: recs run COMPANY --date DAY"


def _missing_home(folder: Path) -> Examined:
    """It is made with the first day, if it can be."""
    parent = next(parent for parent in folder.parents if is_there(parent))
    if not os.access(parent, os.W_OK | os.X_OK):
        return wrong(
            f"{folder} is not there and cannot be made in {parent}", f"Give this user the right: ls -ld {parent}"
        )
    return warning(f"{folder} is not there: nothing was ever made here", _BEGIN)


def _folder(what: str, folder: Path) -> Examined:
    """By doing it: rights alone do not say it (a read-only disk, a full one)."""
    whose = f"{what} {folder}"
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            return wrong(f"{whose} is no folder", "Move it away, or name another one: docs/settings.md")
        next(os.scandir(folder), None)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
    except OSError as error:
        return wrong(
            f"{whose} cannot be read and written ({error.strerror})", f"Give this user the right: ls -ld {folder}"
        )
    return ok(f"{whose} can be read and written")


def _bucket(what: str, bucket: Bucket) -> Examined:
    """By doing it, too."""
    whose, probe = f"{what} {bucket.url}", f".doctor-{uuid.uuid4().hex}"
    try:
        bucket.write(probe, b"x")
        bucket.listed(probe)
        bucket.read(probe)
        bucket.remove([probe])
    except (UserError, UnavailableError) as error:
        return wrong(f"{whose} cannot be used: {error}", "docs/operations.md, The lake in a bucket, says what it needs")
    return ok(f"{whose} can be read, written, listed and swept")


def _bigquery(settings: Settings) -> Examined:
    whose, problem = f"BigQuery in {settings.gcp_project}", bigquery_problem(settings)
    if problem is not None:
        return wrong(
            problem,
            "Correct RECS_GCP_PROJECT, RECS_BIGQUERY_LOCATION, GOOGLE_APPLICATION_CREDENTIALS or the roles of the "
            "account (docs/deploy.md), or wait until BigQuery answers",
        )
    return ok(f"{whose}: datasets and tables can be made, written, read and taken away")


def _open_to_others(folder: Path) -> Iterator[Examined]:
    """Below a closed folder nobody comes. A home that its group may write is shared with that group."""
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return  # told as a folder that cannot be read
    shared = bool(mode & stat.S_IWGRP)
    forbidden = 0o007 if shared else 0o077
    if mode & forbidden:
        yield wrong(
            f"{folder} is open to others on this machine (mode {mode:03o})",
            f"chmod {'o' if shared else 'go'}-rwx {folder}",
        )
