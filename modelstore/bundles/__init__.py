"""Bundles: stored, cached on this disk, and described."""
