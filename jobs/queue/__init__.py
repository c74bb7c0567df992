"""The rows that wait and run: leases, claims, ends, cancelling, and what a job leaves behind."""
