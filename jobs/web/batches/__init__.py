"""Batch predictions as pages and over the JSON API."""
