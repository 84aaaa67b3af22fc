"""Replenishment: what to re-order this week, plus something new."""
