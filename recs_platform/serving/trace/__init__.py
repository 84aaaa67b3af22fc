"""Whether what was trained and what was published truly arrives: each link between a run and a customer is looked at,
and told as ok or broken, with the likely cause and the next command. Nothing is changed by looking.

Not here: saying it at a terminal (`cli/trace.py`) and as checks of assets (`assembly/served_checks.py`).
"""
