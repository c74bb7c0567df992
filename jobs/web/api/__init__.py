"""The JSON API of datasets, jobs, quotes and uploads."""
