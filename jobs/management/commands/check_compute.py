"""`manage.py check_compute`: whether AWS is set up, and what to do where it is not."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.compute.diagnosis import Setup, clients, diagnose
from jobs.compute.ec2_driver import current_policy


class Command(BaseCommand):
    help = (
        "Checks the region, the credentials, the permissions, the instances or the launch template, and the bucket, "
        "without starting anything. Exits with 1 when something is missing; each line says what to do."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        setup, uses_ec2 = _setup(), settings.FLASH_COMPUTE == "ec2"
        if not uses_ec2 and not setup.bucket:
            self.stdout.write(
                "Flash trains and stores on this machine: nothing to check (FLASH_COMPUTE=local)."
            )
            return
        failed = 0
        make = clients(setup.region, settings.FLASH_AWS_ENDPOINT)
        for finding in diagnose(setup, make, machines=uses_ec2):
            failed += not finding.is_good
            self.stdout.write(f"{'ok  ' if finding.is_good else 'BAD '} {finding.subject}: {finding.said}")
            if finding.advice:
                self.stdout.write(f"     {finding.advice}")
        if failed:
            self.stderr.write("Training on AWS will not work yet. Jobs stay queued until it does.")
            raise SystemExit(1)
        self.stdout.write("All is well.")


def _setup() -> Setup:
    storage: dict[str, Any] = dict(settings.STORAGES["default"])
    options = storage.get("OPTIONS", {})
    return Setup(
        region=settings.FLASH_AWS_REGION,
        tag=settings.FLASH_EC2_TAG,
        launch_template=settings.FLASH_EC2_LAUNCH_TEMPLATE,
        spot=settings.FLASH_EC2_SPOT,
        offers=current_policy().offers,
        bucket=options.get("bucket_name") or "",
        prefix=options.get("location") or "",
    )
