"""Predictions: what may be asked, the loaded models, answers and why they were given."""
