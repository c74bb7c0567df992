"""The operator's views of datasets, jobs, batches and servers."""
