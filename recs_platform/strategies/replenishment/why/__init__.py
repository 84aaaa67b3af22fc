"""Why a client gets the list that it gets: `recs why` of a company that replenishes."""
