"""EC2 over boto3: fixed instances found by their tag, or a pool launched from a launch template."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobs.compute.aws_words import BAD_CREDENTIALS, FORBIDDEN
from jobs.compute.errors import CapacityMissing, ComputeRefused, InstanceMissing, Throttled, WrongState
from jobs.compute.fleet import Instance, Offer

TAG = "flash:installation"
LAUNCH_TAG = "flash:launch"
# The most that EC2 answers at once.
PAGE_SIZE = 1000

_KINDS: dict[str, type[ComputeRefused]] = {
    **dict.fromkeys(("RequestLimitExceeded", "Throttling", "ThrottlingException"), Throttled),
    **dict.fromkeys(("InternalError", "ServiceUnavailable", "Unavailable", "InternalFailure"), Throttled),
    **dict.fromkeys(
        (
            "InsufficientInstanceCapacity",
            "InstanceLimitExceeded",
            "VcpuLimitExceeded",
            "MaxSpotInstanceCountExceeded",
            "InsufficientHostCapacity",
            "SpotMaxPriceTooLow",
            "Unsupported",
        ),
        CapacityMissing,
    ),
    **dict.fromkeys(("IncorrectInstanceState", "IncorrectState"), WrongState),
    **dict.fromkeys(("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"), InstanceMissing),
}
_ADVICE = {
    **BAD_CREDENTIALS,
    **dict.fromkeys(
        FORBIDDEN,
        "Its role needs the permission ec2:{operation} for machines with the tag FLASH_EC2_TAG; "
        "manage.py check_compute tries all of them.",
    ),
    **dict.fromkeys(
        ("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound"),
        "Set FLASH_EC2_LAUNCH_TEMPLATE to an existing launch template.",
    ),
}


class Ec2Cloud:
    """See jobs.compute.reconciler.Cloud. A call takes 25 s at most, the listing of 1,000 machines one page."""

    def __init__(self, *, tag: str, launch_template: str, spot: bool, region: str, endpoint: str) -> None:
        self._tag, self._template, self._spot = tag, launch_template, spot
        self._region, self._endpoint = region, endpoint

    @property
    def client(self) -> Any:
        return _client(self._region, self._endpoint)

    def list_instances(self) -> list[Instance]:
        """Every instance with our tag that is not terminated, over all pages."""
        states = ["pending", "running", "shutting-down", "stopping", "stopped"]
        filters = [
            {"Name": f"tag:{TAG}", "Values": [self._tag]},
            {"Name": "instance-state-name", "Values": states},
        ]
        with _translated():
            pages = self.client.get_paginator("describe_instances").paginate(
                Filters=filters, PaginationConfig={"PageSize": PAGE_SIZE}
            )
            found = [row for page in pages for group in page["Reservations"] for row in group["Instances"]]
        return [_instance(row) for row in found]

    def start(self, instance: str) -> None:
        with _translated():
            self.client.start_instances(InstanceIds=[instance])

    def stop(self, instance: str) -> None:
        with _translated():
            self.client.stop_instances(InstanceIds=[instance])

    def terminate(self, instance: str) -> None:
        with _translated():
            self.client.terminate_instances(InstanceIds=[instance])

    def launch(self, offer: Offer, token: str) -> str:
        """Launches one machine with its tags in the same call; the same token never makes a second one."""
        tags = {TAG: self._tag, LAUNCH_TAG: token}
        values = launch_values(self._template, offer, spot=self._spot, tags=tags)
        with _translated():
            answer = self.client.run_instances(ClientToken=token, **values)
        return str(answer["Instances"][0]["InstanceId"])


@lru_cache(maxsize=4)
def _client(region: str, endpoint: str) -> Any:
    """Made once, as reading EC2's description takes half a second; it is safe between threads."""
    # One try for each call: the next pass is the retry, and it knows what has changed meanwhile.
    config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1})
    return boto3.session.Session().client(
        "ec2", region_name=region or None, endpoint_url=endpoint or None, config=config
    )


def launch_values(template: str, offer: Offer, *, spot: bool, tags: dict[str, str]) -> dict[str, Any]:
    """The arguments of RunInstances for one machine that vanishes when it powers itself off."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    values: dict[str, Any] = {
        "MinCount": 1,
        "MaxCount": 1,
        "LaunchTemplate": _template(template),
        "InstanceInitiatedShutdownBehavior": "terminate",
        "TagSpecifications": [{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")],
    }
    if offer.instance_type:
        values["InstanceType"] = offer.instance_type
    if offer.subnet:
        values["SubnetId"] = offer.subnet
    if spot:
        values["InstanceMarketOptions"] = {
            "MarketType": "spot",
            "SpotOptions": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"},
        }
    return values


def _template(name: str) -> dict[str, str]:
    key = "LaunchTemplateId" if name.startswith("lt-") else "LaunchTemplateName"
    return {key: name, "Version": "$Default"}


def _instance(row: dict[str, Any]) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags", ())}
    return Instance(
        id=row["InstanceId"],
        state=row["State"]["Name"],
        launched=row["LaunchTime"],
        token=tags.get(LAUNCH_TAG, ""),
        instance_type=row.get("InstanceType", ""),
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        advice = _ADVICE.get(code, "The next pass tries again.").format(operation=error.operation_name)
        kind = _KINDS.get(code, ComputeRefused)
        if code in BAD_CREDENTIALS:
            # Renewed ones are read without a restart.
            _client.cache_clear()
        raise kind(f"AWS refused {error.operation_name}: {code}. {advice}") from error
    except BotoCoreError as error:
        kind = Throttled if "Timeout" in type(error).__name__ else ComputeRefused
        said = f"AWS could not be reached ({type(error).__name__}): {str(error).rstrip('.')}."
        raise kind(f"{said} manage.py check_compute says what to do.") from error
