"""Runs all of Flash from one command: Redis, web, workers, periodic tasks. No Django here: it stays small."""
