"""Registers the operator's views; Django looks for them here."""

from jobs.web.admin import batches, jobs_and_datasets, servers, versions

__all__ = ["batches", "jobs_and_datasets", "servers", "versions"]
