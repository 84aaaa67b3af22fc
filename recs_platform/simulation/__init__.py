"""Synthetic companies with a planted truth: what tests, demos and benchmarks load instead of real feeds."""
