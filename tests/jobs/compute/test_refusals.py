"""AWS says no while Flash runs, over real HTTP: the job waits, its page and the admin tell why, nothing fails."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from django.test import Client
from django.urls import reverse

from jobs.compute import ec2 as module
from jobs.compute import scheduling
from jobs.compute.ec2_driver import current_cloud
from jobs.compute.errors import CapacityMissing, ComputeRefused, Throttled, WrongState
from jobs.models import Alert, Job
from jobs.states import JobStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def guard(aws: str) -> Iterator[Callable[[], None]]:
    """Answers what makes moto look at keys and policies, as AWS does."""

    def look_after(calls: str) -> None:
        url, headers = f"{aws}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(url, data=calls.encode(), headers=headers)).close()

    yield lambda: look_after("0")
    look_after("inf")
    module._client.cache_clear()


def use_keys(monkeypatch: pytest.MonkeyPatch, key: dict[str, str]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    module._client.cache_clear()


def may(aws: str, name: str, *actions: str) -> dict[str, str]:
    """Keys of somebody who is allowed these actions and no others."""
    iam = boto3.client("iam", region_name="eu-west-1", endpoint_url=aws)
    iam.create_user(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    }
    iam.put_user_policy(UserName=name, PolicyName="flash", PolicyDocument=json.dumps(document))
    key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return key


def assert_it_waits(job: Job, client: Client, *words: str) -> None:
    """Queued, without a counted try, and the reason on its page, in the API and among the alerts."""
    job.refresh_from_db()
    assert (job.status, job.attempt, job.error) == (JobStatus.QUEUED, 0, "")
    page = client.get(reverse("job", args=[job.token])).content.decode()
    told = client.get(f"/api/v1/jobs/{job.token}/").json()["waiting_reason"]
    for word in words:
        assert word in page
        assert word in told
        assert word in Alert.objects.get(cleared=None).message


def test_wrong_credentials_leave_the_job_waiting_with_the_reason(
    aws: str,
    guard: Callable[[], None],
    add_instance: Any,
    make_job: Callable[..., Job],
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_instance()
    good = may(aws, "control", "ec2:*")
    job = make_job()
    guard()
    use_keys(monkeypatch, {"AccessKeyId": "AKIAUNKNOWN", "SecretAccessKey": "wrong"})
    for _ in range(2):
        scheduling.reconcile()
    assert_it_waits(job, client, "AuthFailure", "Check the key, and that the region in AWS_REGION")
    assert Alert.objects.get().count == 2
    # Mended, without a restart.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", good["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", good["SecretAccessKey"])
    scheduling.reconcile()
    assert "AuthFailure" not in client.get(reverse("job", args=[job.token])).content.decode()


def test_a_missing_permission_leaves_the_job_waiting_with_the_reason(
    aws: str,
    guard: Callable[[], None],
    add_instance: Any,
    make_job: Callable[..., Job],
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = add_instance()
    looker, starter = may(aws, "looker", "ec2:DescribeInstances"), may(aws, "starter", "ec2:*")
    job = make_job()
    guard()
    use_keys(monkeypatch, looker)
    scheduling.reconcile()
    # EC2 itself says UnauthorizedOperation (test_errors_of_ec2_say_what_to_do).
    assert_it_waits(job, client, "AccessDenied", "needs the permission ec2:StartInstances")
    use_keys(monkeypatch, starter)
    scheduling.reconcile()
    (listed,) = current_cloud().list_instances()
    assert (listed.id, listed.state) == (name, "running")


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("UnauthorizedOperation", ComputeRefused, "needs the permission ec2:StartInstances"),
        ("ExpiredToken", ComputeRefused, "renew them"),
        ("InvalidClientTokenId", ComputeRefused, "access key"),
        ("RequestLimitExceeded", Throttled, "tries again"),
        ("InsufficientInstanceCapacity", CapacityMissing, "tries again"),
        ("IncorrectInstanceState", WrongState, "tries again"),
    ],
)
def test_errors_of_ec2_say_what_to_do(code: str, kind: type[ComputeRefused], words: str) -> None:
    with pytest.raises(kind, match=words) as refusal, module._translated():
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "StartInstances")
    assert type(refusal.value) is kind
    assert f"AWS refused StartInstances: {code}." in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoCredentialsError(), ComputeRefused),
        (EndpointConnectionError(endpoint_url="https://ec2.eu-west-1.amazonaws.com"), ComputeRefused),
        (ReadTimeoutError(endpoint_url="https://ec2.eu-west-1.amazonaws.com"), Throttled),
    ],
)
def test_an_aws_that_cannot_be_asked_is_told_too(error: BotoCoreError, kind: type[ComputeRefused]) -> None:
    with pytest.raises(kind, match=type(error).__name__) as refusal, module._translated():
        raise error
    assert type(refusal.value) is kind
    assert "manage.py check_compute says what to do" in str(refusal.value)
