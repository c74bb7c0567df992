"""Trains whatever module it is given: loop, optimizers, linear solvers, devices, processes, checkpoints."""
