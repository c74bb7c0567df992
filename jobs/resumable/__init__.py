"""Uploads in pieces that survive a broken connection."""
