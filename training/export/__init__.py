"""Writes a trained model and what it was measured on into a bundle."""
