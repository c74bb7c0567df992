"""Predictions of sentences."""
