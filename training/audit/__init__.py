"""Looks at the data behind a score."""
