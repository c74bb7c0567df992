"""Uploads and batches of pictures."""
