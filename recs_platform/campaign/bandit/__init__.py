"""The treatment bandit: what each treatment is worth, and how much of the traffic it is given next. Pure numbers.

Not here: reading the warehouse, wiring to Dagster, publishing the allocation.
"""
