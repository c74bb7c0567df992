"""`manage.py check_compute`: each thing that may be wrong is named, with what to do and exit code 1."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber
from django.core.management import call_command

from jobs.compute.diagnosis import Finding, Setup, diagnose
from tests.jobs.compute.conftest import IMAGE

FIXED = Setup(region="eu-west-1", tag="flash")
POOL = Setup(region="eu-west-1", tag="flash", launch_template="gpu")
STORE = Setup(region="eu-west-1", tag="flash", bucket="models")
TAGGED = {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}


class StubbedAws:
    """Clients whose answers the test writes down: `answer(service, call, document)` or `refuse(…, code)`."""

    def __init__(self) -> None:
        self._stubs: dict[str, tuple[Any, Stubber]] = {}
        self.answer("sts", "get_caller_identity", {"Arn": "arn:aws:iam::1:role/flash"})

    def make(self, service: str) -> Any:
        return self._of(service)[0]

    def _of(self, service: str) -> tuple[Any, Stubber]:
        if service not in self._stubs:
            client = boto3.client(
                service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
            )
            stub = Stubber(client)
            stub.activate()
            self._stubs[service] = client, stub
        return self._stubs[service]

    def answer(self, service: str, call: str, document: dict[str, Any]) -> None:
        self._of(service)[1].add_response(call, document)

    def refuse(self, service: str, call: str, code: str, status: int = 403) -> None:
        self._of(service)[1].add_client_error(call, code, http_status_code=status)

    def close(self) -> None:
        for client, _ in self._stubs.values():
            client.close()


@pytest.fixture
def stubbed() -> Iterator[StubbedAws]:
    aws = StubbedAws()
    yield aws
    aws.close()


def bad(findings: Iterator[Finding]) -> Finding:
    """The only complaint."""
    (found,) = [finding for finding in findings if not finding.is_good]
    return found


@pytest.mark.parametrize(("region", "advice"), [("", "AWS_REGION"), ("eu-wst-1", "eu-west-1")])
def test_a_wrong_region_is_named_and_the_right_one_guessed(region: str, advice: str) -> None:
    def never(service: str) -> Any:
        raise AssertionError("nothing is asked before the region is known")

    found = bad(diagnose(Setup(region=region, tag="flash"), never))
    assert found.subject == "region"
    assert advice in found.advice


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("InvalidClientTokenId", "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        ("ExpiredToken", "renew"),
    ],
)
def test_wrong_credentials_end_the_check(code: str, advice: str) -> None:
    aws = StubbedAws.__new__(StubbedAws)
    aws._stubs = {}
    aws.refuse("sts", "get_caller_identity", code)
    found = bad(diagnose(FIXED, aws.make))
    aws.close()
    assert found.subject == "credentials"
    assert code in found.said
    assert advice in found.advice


def test_without_any_credentials_it_says_which_to_set() -> None:
    class Nobody:
        def get_caller_identity(self) -> Any:
            raise NoCredentialsError

    assert "AWS_ACCESS_KEY_ID" in bad(diagnose(FIXED, lambda service: Nobody())).advice


def test_an_endpoint_that_does_not_answer_is_told() -> None:
    class Unreachable:
        def get_caller_identity(self) -> Any:
            raise EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com")

    assert "AWS_ENDPOINT_URL" in bad(diagnose(FIXED, lambda service: Unreachable())).advice


def test_a_permission_that_is_missing_is_named(stubbed: StubbedAws) -> None:
    stubbed.refuse("ec2", "describe_instances", "UnauthorizedOperation")
    found = bad(diagnose(FIXED, stubbed.make))
    assert "ec2:DescribeInstances" in found.advice


def test_each_instance_is_tried_for_start_and_stop(stubbed: StubbedAws) -> None:
    stubbed.answer("ec2", "describe_instances", TAGGED)
    stubbed.refuse("ec2", "start_instances", "DryRunOperation", 412)
    stubbed.refuse("ec2", "stop_instances", "UnauthorizedOperation")
    found = bad(diagnose(FIXED, stubbed.make))
    assert found.subject == "stop i-1"
    assert "ec2:StopInstances" in found.advice


def test_an_instance_that_is_gone_is_told_from_a_missing_permission(stubbed: StubbedAws) -> None:
    stubbed.answer("ec2", "describe_instances", TAGGED)
    for call in ("start_instances", "stop_instances"):
        stubbed.refuse("ec2", call, "InvalidInstanceID.NotFound", 400)
    complaints = [finding for finding in diagnose(FIXED, stubbed.make) if not finding.is_good]
    assert len(complaints) == 2
    assert all("not in eu-west-1" in finding.advice for finding in complaints)


def test_a_launch_that_may_not_pass_the_role_is_told(stubbed: StubbedAws) -> None:
    stubbed.answer("ec2", "describe_launch_templates", {"LaunchTemplates": [{"LaunchTemplateName": "gpu"}]})
    stubbed.refuse("ec2", "run_instances", "UnauthorizedOperation")
    stubbed.answer("ec2", "describe_instances", {"Reservations": []})
    assert "iam:PassRole" in bad(diagnose(POOL, stubbed.make)).advice


@pytest.mark.parametrize(
    ("code", "advice"),
    [("404", "FLASH_S3_BUCKET"), ("403", "s3:ListBucket"), ("301", "AWS_REGION")],
)
def test_a_bucket_that_is_not_ours_is_told(stubbed: StubbedAws, code: str, advice: str) -> None:
    stubbed.refuse("s3", "head_bucket", code, int(code))
    found = bad(diagnose(STORE, stubbed.make, machines=False))
    assert found.subject == "bucket models"
    assert advice in found.advice


def test_a_bucket_without_write_permission_is_told(stubbed: StubbedAws) -> None:
    stubbed.answer("s3", "head_bucket", {})
    stubbed.refuse("s3", "put_object", "AccessDenied")
    assert "s3:PutObject" in bad(diagnose(STORE, stubbed.make, machines=False)).advice


# --- The command, over HTTP --------------------------------------------------------------------------------------


@pytest.fixture
def template(ec2: Any, settings: Any) -> None:
    ec2.create_launch_template(LaunchTemplateName="gpu", LaunchTemplateData={"ImageId": IMAGE})
    settings.FLASH_EC2_LAUNCH_TEMPLATE = "gpu"


@pytest.fixture
def with_bucket(settings: Any) -> None:
    options = {"bucket_name": "flash-checked", "location": "here"}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }


def test_on_this_machine_there_is_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_compute")
    assert "nothing to check" in capsys.readouterr().out


def test_all_is_well_with_a_tagged_instance(add_instance: Callable[[], str], capsys: Any) -> None:
    name = add_instance()
    call_command("check_compute")
    out = capsys.readouterr().out
    assert f"ok   start {name}" in out
    assert "All is well." in out


def test_all_is_well_with_a_pool_and_a_bucket(
    template: None, with_bucket: None, aws: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = boto3.client("s3", region_name="eu-west-1", endpoint_url=aws)
    client.create_bucket(
        Bucket="flash-checked", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    call_command("check_compute")
    assert "All is well." in capsys.readouterr().out
    assert "Contents" not in client.list_objects_v2(Bucket="flash-checked"), "nothing is left behind"
    client.delete_bucket(Bucket="flash-checked")
    client.close()


@pytest.mark.usefixtures("aws")
def test_no_tagged_instance_is_an_error_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("check_compute")
    assert stop.value.code == 1
    out = capsys.readouterr().out
    assert "BAD  instances: 0 with the tag flash:installation=flash" in out
    assert "FLASH_EC2_LAUNCH_TEMPLATE" in out


@pytest.mark.usefixtures("aws")
def test_a_missing_launch_template_is_an_error(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.FLASH_EC2_LAUNCH_TEMPLATE = "nothing"
    with pytest.raises(SystemExit):
        call_command("check_compute")
    assert "Create it in eu-west-1" in capsys.readouterr().out


def test_a_missing_bucket_is_an_error(
    template: None, with_bucket: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call_command("check_compute")
    out = capsys.readouterr().out
    assert "BAD  bucket flash-checked" in out
    assert "Create it, or set FLASH_S3_BUCKET" in out
