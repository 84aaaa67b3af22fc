"""A whole service to be attacked: the real server, with keys, a model, feedback that is kept, and lists and features of
pairs that are made up.

`python -m recs_platform_tests.attacks.attacked_service LIMITS` serves from a migrated `platform.db` in its folder.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from recs_platform.platform_db.engine import engine
from recs_platform.serving.answer_log import SpooledAnswerLog
from recs_platform.serving.keys import known_keys
from recs_platform.serving.limits import Limits
from recs_platform.serving.logs import log_json
from recs_platform.serving.page_guard import LOOPBACK
from recs_platform.serving.server import listening, run
from recs_platform.serving.service import Service
from recs_platform_tests.serving.made_up import NOW
from recs_platform_tests.serving.models.services import scoring
from recs_platform_tests.serving.models.worlds import house, version


async def service(limits: Limits) -> Service:
    database = engine(f"sqlite:///{Path('platform.db').absolute()}")
    models = house(database, Path.cwd())
    models.keep(version(1))
    made = (await scoring(models, keys=known_keys(database))).service
    made.answers = SpooledAnswerLog(database, Path("answers"), lambda _: True, clock=lambda: NOW)
    made.hosts, made.limits = LOOPBACK, limits
    return made


def main() -> None:
    at = listening("127.0.0.1", 0)
    log_json()
    url = f"http://127.0.0.1:{at.getsockname()[1]}"
    run(asyncio.run(service(Limits(**json.loads(sys.argv[1])))), at, lambda: print(url, flush=True))


if __name__ == "__main__":
    main()
