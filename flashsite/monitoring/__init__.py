"""What supervisors and operators look at: health, metrics, logs, the admin's first page."""
