"""Finds sentences that are nearly the same, and those that come from one source."""
