"""Trains several times to make or to measure one model."""
