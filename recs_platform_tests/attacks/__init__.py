"""The attack suite: what a thief, a broken disk, a kill or an ugly export may try, in numbers.

Each module attacks one thing in many ways, prints how many it tried (`counts.py`), and is bounded in time: attacks that
each cost a process are a sample of all in `make test`, spread evenly and always the same; `make attack` runs them all.
"""
