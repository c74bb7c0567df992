"""Sweeps: many trainings of one recipe with other hyperparameters, of which the unpromising ones end early."""
