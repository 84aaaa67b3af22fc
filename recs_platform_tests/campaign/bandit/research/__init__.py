"""Simulations behind the claims of docs/bandit.md. Not here: what the platform runs (`campaign/bandit`)."""
