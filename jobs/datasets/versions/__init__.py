"""Versions of data that its owner keeps: made, compared, restored, handed out, deleted (decision 105)."""
