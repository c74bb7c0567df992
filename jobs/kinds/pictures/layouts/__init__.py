"""Layouts: the ways in which a zip says what its pictures show. A new one is a module and a line in registry.py."""
