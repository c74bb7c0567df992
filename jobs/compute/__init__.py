"""Compute drivers: what starts and stops the machines that train."""

from jobs.compute.base import Driver
from jobs.compute.local import LocalDriver

__all__ = ["Driver", "LocalDriver", "current_driver"]


def current_driver() -> Driver:
    """The driver that this installation is set to."""
    return LocalDriver()
