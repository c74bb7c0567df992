"""The operator's views of models and keys."""
