"""Registers the operator's views; Django looks for them here."""

from modelstore.web.admin import keys, models

__all__ = ["keys", "models"]
