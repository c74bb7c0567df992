"""Formats of files of sentences: each knows what it recognises, and reads it as records."""
