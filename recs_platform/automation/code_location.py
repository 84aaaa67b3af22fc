"""Where the definitions are loaded: in a code server of our own, or in the one that RECS_CODE_SERVER names.

The code location has the same name either way, the one of workspace.yaml: runs, schedules and sensors are found by it.
Not here: who asks it (webserver.py, daemon.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from dagster import DagsterInstance
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.load_target import ModuleTarget

from recs_platform.automation.instance import home_of_instance, prepared_home
from recs_platform.automation.origin import DEFINITIONS
from recs_platform.settings import settings

_NO_CURRENT_FOLDER = "PYTHONSAFEPATH"


@contextmanager
def located() -> Iterator[tuple[DagsterInstance, Path]]:
    """This machine's instance, prepared, and a workspace file for Dagster's processes, of a code location that is there
    as long as the block lasts. No process that is started meanwhile has the current folder on Python's path."""
    os.environ[_NO_CURRENT_FOLDER] = "1"
    prepared_home()
    with DagsterInstance.get() as instance, _workspace(instance) as file:
        yield instance, file


@contextmanager
def _workspace(instance: DagsterInstance) -> Iterator[Path]:
    with ExitStack() as stack:
        place = settings().code_server
        if place is None:
            # Dagster puts the folder in which a module is loaded on the path; the instance's own holds none.
            code = ModuleTarget(DEFINITIONS, None, str(home_of_instance()), location_name=DEFINITIONS)
            servers = stack.enter_context(ProxyServerManager(instance, code, code_server_log_level="warning"))
            specs = servers.get_code_server_specs()
        else:
            host, _, port = place.rpartition(":")
            named = {"host": host.strip("[]"), "port": int(port), "location_name": DEFINITIONS}
            specs = [{"grpc_server": named}]
        file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recs-workspace-"))) / "workspace.yaml"
        file.write_text(yaml.safe_dump({"load_from": specs}))
        yield file
