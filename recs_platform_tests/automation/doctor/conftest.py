from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform_tests.automation.doctor.patient import Patient, copy_of, make
from recs_platform_tests.shared import made_once


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "doctor-home", make)


@pytest.fixture
def patient(made_home: Path, tmp_path: Path) -> Patient:
    return copy_of(made_home, tmp_path / "patient")
