"""What folds say of small data."""
