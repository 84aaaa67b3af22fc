"""Recommendations for many retailers, as Dagster assets."""

__version__ = "0.1.0"
"""Also the version of what is recommended: it stands beside every recommendation. `pyproject.toml` reads it here."""
