"""The real server, with real sockets and signals, around a service of lists that are made up: for tests that need
limits of their own, and answers that take their time.

`python -m recs_platform_tests.serving.made_up_process LIMITS` serves until a signal. The list of the customer `slow`
takes a second, and it says `slow` when it begins with it.
"""

from __future__ import annotations

import asyncio
import json
import sys

from recs_platform.serving.limits import Limits
from recs_platform.serving.logs import log_json
from recs_platform.serving.server import listening, run
from recs_platform.serving.service import Service
from recs_platform_tests.serving.made_up import ROWS, Lists, made_up

SLOW_SECONDS = 1.0


class _Slow(Lists):
    async def customer(self, company: str, product: str, customer: str):  # type: ignore[no-untyped-def]
        if customer == "slow":
            print("slow", flush=True)
            await asyncio.sleep(SLOW_SECONDS)
        return await super().customer(company, product, customer)


def service(limits: Limits) -> Service:
    made, _ = made_up()
    made.limits = limits
    made.reader = slow = _Slow()
    for name in made.companies.by_name:
        slow.publish(name, {"c1": ROWS, "slow": ROWS})
    made.publications = type(made.publications)(slow, made.companies)
    return made


def main() -> None:
    at = listening("127.0.0.1", 0)
    log_json()
    url = f"http://127.0.0.1:{at.getsockname()[1]}"
    run(service(Limits(**json.loads(sys.argv[1]))), at, lambda: print(url, flush=True))


if __name__ == "__main__":
    main()
