"""Pages and JSON API of models."""
