"""Files taken in, checked, kept as datasets, extended, and handed to the worker."""
