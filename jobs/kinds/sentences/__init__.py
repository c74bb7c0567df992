"""Uploads and batches of sentences."""
