"""Datasets, training jobs and the servers that run them."""
