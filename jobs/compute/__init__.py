"""Compute drivers: what starts and stops the machines that train. The planning half needs no Django."""

from jobs.compute.base import Driver

__all__ = ["Driver", "current_driver"]


def current_driver() -> Driver:
    """The driver that this installation is set to."""
    from django.conf import settings

    if settings.FLASH_COMPUTE == "ec2":
        from jobs.compute.ec2_driver import Ec2Driver

        return Ec2Driver()
    from jobs.compute.local import LocalDriver

    return LocalDriver()
