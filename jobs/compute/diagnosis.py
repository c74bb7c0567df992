"""Whether AWS is set up for this installation: what must hold is tried, and nothing is started or changed."""

import difflib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from jobs.compute.aws_words import BAD_CREDENTIALS, FORBIDDEN
from jobs.compute.ec2 import LAUNCH_TAG, TAG, launch_values
from jobs.compute.fleet import Offer

MakeClient = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was tried; `advice` is empty when it is as it should be."""

    subject: str
    said: str
    advice: str = ""

    @property
    def is_good(self) -> bool:
        return not self.advice


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What is to be checked, as the settings name it; an empty bucket is none."""

    region: str
    tag: str
    launch_template: str = ""
    spot: bool = False
    offers: tuple[Offer, ...] = (Offer(),)
    bucket: str = ""
    prefix: str = ""


def clients(region: str, endpoint: str) -> MakeClient:
    """Clients that answer or give up within 15 s."""
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})

    def make(service: str) -> Any:
        return boto3.session.Session().client(
            service, region_name=region or None, endpoint_url=endpoint or None, config=config
        )

    return make


def diagnose(setup: Setup, make: MakeClient, *, machines: bool = True) -> Iterator[Finding]:
    """One finding after another; ends early where the next ones would only say the same again.

    `machines` False looks at the bucket alone: training is on this machine.
    """
    region = _region(setup.region)
    yield region
    if not region.is_good:
        return
    identity = _identity(make)
    yield identity
    if not identity.is_good:
        return
    if machines:
        yield from _pool(setup, make) if setup.launch_template else _fixed(setup, make)
    if setup.bucket:
        yield from _bucket(setup, make)


def _region(name: str) -> Finding:
    known = boto3.session.Session().get_available_regions("ec2")
    if not name:
        return Finding(subject="region", said="not set", advice="Set AWS_REGION, for example to eu-west-1.")
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        return Finding(subject="region", said=f"{name} is not an AWS region", advice=f"Set AWS_REGION.{hint}")
    return Finding(subject="region", said=name)


def _identity(make: MakeClient) -> Finding:
    return _try(
        "credentials",
        "sts:GetCallerIdentity",
        lambda: str(make("sts").get_caller_identity()["Arn"]),
        {},
    )


def _fixed(setup: Setup, make: MakeClient) -> Iterator[Finding]:
    """Instances that are found by their tag, started and stopped."""
    ec2 = make("ec2")
    names: list[str] = []

    def find() -> str:
        states = ["pending", "running", "stopping", "stopped"]
        filters = [
            {"Name": f"tag:{TAG}", "Values": [setup.tag]},
            {"Name": "instance-state-name", "Values": states},
        ]
        for page in ec2.get_paginator("describe_instances").paginate(Filters=filters):
            names.extend(row["InstanceId"] for group in page["Reservations"] for row in group["Instances"])
        return f"{len(names)} with the tag {TAG}={setup.tag}"

    found = _try("instances", "ec2:DescribeInstances", find, {})
    if found.is_good and not names:
        advice = (
            f"Give the training instance the tag {TAG}={setup.tag} in {setup.region}, or set FLASH_EC2_TAG to the "
            "tag it has, or set FLASH_EC2_LAUNCH_TEMPLATE to have machines created."
        )
        found = Finding(subject="instances", said=found.said, advice=advice)
    yield found
    gone = {"InvalidInstanceID.NotFound": f"It is not in {setup.region}. Check AWS_REGION and the tag."}
    for name in names:
        for verb, call in (("Start", ec2.start_instances), ("Stop", ec2.stop_instances)):
            yield _dry_run(f"{verb.lower()} {name}", f"ec2:{verb}Instances", call, gone, InstanceIds=[name])


def _pool(setup: Setup, make: MakeClient) -> Iterator[Finding]:
    """Machines that are launched from a template and terminated."""
    ec2 = make("ec2")
    key = "LaunchTemplateIds" if setup.launch_template.startswith("lt-") else "LaunchTemplateNames"
    missing = dict.fromkeys(
        (
            "InvalidLaunchTemplateName.NotFoundException",
            "InvalidLaunchTemplateId.NotFound",
            "InvalidLaunchTemplateId.Malformed",
        ),
        f"Create it in {setup.region} (deploy/server/README.md), or set FLASH_EC2_LAUNCH_TEMPLATE to an existing one.",
    )
    template = _try(
        "launch template",
        "ec2:DescribeLaunchTemplates",
        lambda: str(
            ec2.describe_launch_templates(**{key: [setup.launch_template]})["LaunchTemplates"][0][
                "LaunchTemplateName"
            ]
        ),
        missing,
    )
    yield template
    if not template.is_good:
        return
    wrong = missing | {
        "InvalidSubnetID.NotFound": "Set FLASH_EC2_SUBNETS to subnets of this region.",
        "InvalidParameterValue": "Check FLASH_EC2_TYPES and the launch template.",
        "InvalidAMIID.NotFound": "The launch template names an image that is not in this region.",
        "InvalidAMIID.Malformed": "The launch template names no valid image.",
    }
    for offer in setup.offers:
        where = " in ".join(filter(None, (offer.instance_type, offer.subnet)))
        yield _dry_run(
            f"launch {where}".strip(), "ec2:RunInstances, ec2:CreateTags and iam:PassRole", ec2.run_instances, wrong,
            **launch_values(setup.launch_template, offer, spot=setup.spot, tags={TAG: setup.tag, LAUNCH_TAG: "check"}),
        )  # fmt: skip
    yield _try(
        "list instances",
        "ec2:DescribeInstances",
        lambda: str(ec2.describe_instances(MaxResults=5) and "allowed"),
        {},
    )


def _bucket(setup: Setup, make: MakeClient) -> Iterator[Finding]:
    """The bucket, and whether files may be written, read and deleted in it."""
    s3, bucket = make("s3"), setup.bucket
    known = {
        "404": "Create it, or set FLASH_S3_BUCKET to an existing one.",
        "NoSuchBucket": "Create it, or set FLASH_S3_BUCKET to an existing one.",
        "301": "It is in another region. Set AWS_REGION to the bucket's.",
        "PermanentRedirect": "It is in another region. Set AWS_REGION to the bucket's.",
        "403": "It belongs to another account, or the role lacks s3:ListBucket on it. Check FLASH_S3_BUCKET.",
    }
    there = _try(
        f"bucket {bucket}", "s3:ListBucket", lambda: str(s3.head_bucket(Bucket=bucket) and "there"), known
    )
    yield there
    if not there.is_good:
        return
    name = "/".join(filter(None, (setup.prefix.strip("/"), f"check-{uuid.uuid4()}")))

    def write() -> str:
        s3.put_object(Bucket=bucket, Key=name, Body=b"check")
        return "allowed"

    written = _try("write a file", "s3:PutObject", write, known)
    yield written
    if written.is_good:
        yield _try("read it", "s3:GetObject", lambda: _read(s3, bucket, name), known)
        yield _try(
            "delete it", "s3:DeleteObject",
            lambda: str(s3.delete_object(Bucket=bucket, Key=name) and "allowed"), known,
        )  # fmt: skip


def _read(s3: Any, bucket: str, name: str) -> str:
    body = s3.get_object(Bucket=bucket, Key=name)["Body"]
    with body:
        body.read()
    return "allowed"


def _dry_run(
    subject: str, permission: str, call: Callable[..., Any], known: dict[str, str], **values: Any
) -> Finding:
    """AWS answers a dry run that would have worked with the error DryRunOperation."""

    def attempt() -> str:
        try:
            call(**values, DryRun=True)
        except ClientError as error:
            if _code(error) != "DryRunOperation":
                raise
        return "allowed"

    return _try(subject, permission, attempt, known)


def _try(subject: str, permission: str, attempt: Callable[[], str], known: dict[str, str]) -> Finding:
    try:
        return Finding(subject=subject, said=attempt())
    except ClientError as error:
        said = f"AWS refused {error.operation_name}: {_code(error)}"
        return Finding(subject=subject, said=said, advice=_advice(_code(error), permission, known))
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        advice = "Give this machine a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        return Finding(subject=subject, said=str(error), advice=advice)
    except EndpointConnectionError as error:
        advice = "Check AWS_REGION, AWS_ENDPOINT_URL and this machine's connection to the internet."
        return Finding(subject=subject, said=str(error), advice=advice)
    except BotoCoreError as error:
        advice = "Check AWS_REGION, the credentials and the network."
        return Finding(subject=subject, said=f"{type(error).__name__}: {error}", advice=advice)


def _advice(code: str, permission: str, known: dict[str, str]) -> str:
    if code in known:
        return known[code]
    if code in BAD_CREDENTIALS:
        return BAD_CREDENTIALS[code]
    if code in FORBIDDEN:
        return f"Add the permission {permission} to the role of the control plane (docs/operators.md)."
    return "Look up this code in the EC2 or S3 reference; the next try may differ if it is about capacity or load."


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
