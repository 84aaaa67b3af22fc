"""Measuring campaigns alone: what was sent and what it brought, without recommendations."""
