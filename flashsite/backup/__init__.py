"""A whole site in one file, and back: rows, files, secret key, settings."""
