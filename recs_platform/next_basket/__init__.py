"""Next-basket ranking as pure functions: a log of baskets in; candidates, features, training examples and measures out.

Not here: Dagster, the warehouse, companies, and the fitting of models.
"""
