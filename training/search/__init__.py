"""Finds the best of several trainings within a budget: preset Auto."""
