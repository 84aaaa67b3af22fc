"""How the serving stores stand to what is live. Only looks; serve.py brings them in line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recs_platform.errors import PlatformError
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.serve import draft_of
from recs_platform.serving_store.protocol import Served


@dataclass(frozen=True)
class StoreStanding:
    store: str
    served: Served | None
    """None where nothing is served, or nobody answers."""
    in_line: bool
    problem: PlatformError | None = None
    """Why it does not answer."""

    @property
    def words(self) -> str:
        if self.problem is not None:
            return str(self.problem).rstrip(".")
        if self.served is None:
            return f"{self.store} serves nothing"
        return f"{self.store} serves version {self.served.version} of {self.served.as_of}"


def standing(outlet: Outlet, live: Publication) -> Sequence[StoreStanding]:
    """Of each store. One other than the platform database must serve exactly what that does."""
    wanted, found = draft_of(outlet, live), list[StoreStanding]()
    for store in outlet.stores:
        try:
            served = store.served(outlet.company, outlet.product.name)
        except PlatformError as error:
            found.append(StoreStanding(store.name, None, in_line=False, problem=error))
        else:
            same = served is not None and served.draft == wanted
            first = not found or served == found[0].served
            found.append(StoreStanding(store.name, served, in_line=same and first))
    return found
