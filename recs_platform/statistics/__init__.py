"""What figures may be said to show: intervals and tests, computed from sums and counts that SQL makes. Pure.

Nothing here ever returns NaN or infinity. `None` says that something is not known, or that an end is open.
`docs/statistics.md` says which question each function answers and what was measured about it.
"""
