"""Preset Auto beside preset Balanced and beside a usual AutoML library."""
