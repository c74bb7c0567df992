"""The EC2 driver over real HTTP: a job starts the machine, its end stops it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.core import mail
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from jobs.compute import scheduling
from jobs.compute.ec2_driver import Ec2Driver, current_cloud
from jobs.compute.errors import ComputeRefused, InstanceMissing
from jobs.compute.fleet import Offer
from jobs.models import Alert, Attempt, Dataset, Fleet, Job, Launch, Server
from jobs.queue.platform_status import platform_summary
from jobs.states import JobStatus
from jobs.worker import runner
from tests.jobs.compute.conftest import IMAGE

pytestmark = pytest.mark.django_db

# A name of its own: all of moto's servers in a process share their buckets.
BUCKET = "flash-trained"


def state(ec2: Any, name: str) -> str:
    return str(ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]["State"]["Name"])


def make_idle(minutes: float = 6) -> None:
    """Moves the past of all servers back."""
    past = timezone.now() - timedelta(minutes=minutes)
    Server.objects.update(start_asked=past, heartbeat=timezone.now())
    Attempt.objects.update(started=past, finished=past)


@pytest.fixture
def old_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto does not move LaunchTime when an instance is started again."""
    from jobs.compute import ec2 as module

    real = module._instance
    monkeypatch.setattr(
        module, "_instance", lambda row: real({**row, "LaunchTime": timezone.now() - timedelta(hours=1)})
    )


@pytest.fixture
def bucket(aws: str, settings: Any) -> Any:
    client = boto3.client("s3", region_name="eu-west-1", endpoint_url=aws)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    options = {
        "bucket_name": BUCKET,
        "region_name": "eu-west-1",
        "endpoint_url": aws,
        "signature_version": "s3v4",
        "file_overwrite": False,
        "default_acl": None,
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    yield client
    storages["default"].connection.meta.client.close()
    for key in keys(client):
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)
    client.close()


def keys(client: Any) -> list[str]:
    return [row["Key"] for row in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_job_wakes_the_machine_trains_there_and_lets_it_sleep(
    ec2: Any,
    add_instance: Any,
    bucket: Any,
    make_job: Callable[..., Job],
    trainer: Callable[[str], None],
    old_launches: None,
    settings: Any,
) -> None:
    trainer("train")
    name = add_instance()
    scheduling.reconcile()
    assert state(ec2, name) == "stopped", "nobody needs it"
    job = make_job()
    assert any(key.startswith("datasets/") for key in keys(bucket))
    scheduling.reconcile()
    assert state(ec2, name) == "running"
    assert platform_summary()["status"] == "active"
    settings.FLASH_SERVER_NAME = name
    assert runner.run_next()
    job.refresh_from_db()
    assert (job.status, job.server.name) == (JobStatus.DEPLOYED, name)
    assert any(key.endswith("model.onnx") for key in keys(bucket))
    assert not any(key.startswith("datasets/") for key in keys(bucket))
    assert not Dataset.objects.exists()
    scheduling.reconcile()
    assert state(ec2, name) == "running", "the idle grace"
    make_idle()
    scheduling.reconcile()
    assert state(ec2, name) == "stopped"
    assert platform_summary()["status"] == "sleeping"


def test_a_launch_carries_its_tags_and_is_found_again_by_them(
    ec2: Any, make_job: Callable[..., Job], settings: Any
) -> None:
    ec2.create_launch_template(
        LaunchTemplateName="gpu", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "g4dn.xlarge"}
    )
    settings.FLASH_EC2_LAUNCH_TEMPLATE, settings.FLASH_EC2_SPOT = "gpu", True
    make_job()
    scheduling.reconcile()
    (instance,) = current_cloud().list_instances()
    assert instance.token == Launch.objects.get().token
    # The controller died after the call: what it knew of the answer is gone.
    Launch.objects.update(instance_id="")
    scheduling.reconcile()
    assert len(current_cloud().list_instances()) == 1
    assert Server.objects.get().name == instance.id


def test_a_machine_that_no_row_knows_is_marked_and_then_terminated(ec2: Any, settings: Any) -> None:
    ec2.create_launch_template(LaunchTemplateName="gpu", LaunchTemplateData={"ImageId": IMAGE})
    settings.FLASH_EC2_LAUNCH_TEMPLATE = "gpu"
    name = current_cloud().launch(Offer(), "somebody-else")
    scheduling.reconcile()
    assert state(ec2, name) == "running"
    scheduling.reconcile()
    assert state(ec2, name) == "terminated"


def test_only_one_of_two_controllers_acts(ec2: Any, add_instance: Any, make_job: Callable[..., Job]) -> None:
    name = add_instance()
    make_job()
    assert Fleet.take_lock(owner="other", duration=timedelta(seconds=60))
    scheduling.reconcile()
    assert state(ec2, name) == "stopped"
    Fleet.objects.update(lock_until=timezone.now() - timedelta(seconds=1))
    scheduling.reconcile()
    assert state(ec2, name) == "running"


def test_a_controller_that_lost_its_lock_acts_no_more(
    ec2: Any, add_instance: Any, make_job: Callable[..., Job]
) -> None:
    name = add_instance()
    make_job()

    class Slow:
        def list_instances(self) -> list[Any]:
            Fleet.objects.update(lock_owner="other")
            return current_cloud().list_instances()

    Ec2Driver(Slow()).reconcile()  # type: ignore[arg-type]
    assert state(ec2, name) == "stopped"
    assert Fleet.current().lock_owner == "other"


def test_the_lock_is_renewed_before_each_call(
    ec2: Any, add_instance: Any, make_job: Callable[..., Job]
) -> None:
    name = add_instance()
    make_job()
    left: list[timedelta] = []

    class Slow:
        """A listing that takes nearly as long as the lock lasts."""

        def list_instances(self) -> list[Any]:
            Fleet.objects.update(lock_until=timezone.now() + timedelta(seconds=1))
            return current_cloud().list_instances()

        def start(self, instance: str) -> None:
            left.append(Fleet.current().lock_until - timezone.now())
            current_cloud().start(instance)

    Ec2Driver(Slow()).reconcile()  # type: ignore[arg-type]
    assert state(ec2, name) == "running"
    assert left[0] > timedelta(seconds=40)
    assert Fleet.current().lock_until is None


def test_a_refusal_keeps_the_job_queued_and_tells_the_operator(
    make_job: Callable[..., Job], settings: Any
) -> None:
    class Refusing:
        def list_instances(self) -> list[Any]:
            raise ComputeRefused("AWS refused DescribeInstances: UnauthorizedOperation.")

    settings.ADMINS = [("Op", "op@example.org")]
    job = make_job()
    Ec2Driver(Refusing()).reconcile()  # type: ignore[arg-type]
    Ec2Driver(Refusing()).reconcile()  # type: ignore[arg-type]
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
    assert "UnauthorizedOperation" in Fleet.current().reason
    assert Alert.objects.get().count == 2
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("aws")
def test_the_reason_is_shown_on_the_job_page_and_in_the_api(
    make_job: Callable[..., Job], client: Any
) -> None:
    job = make_job()
    scheduling.reconcile()
    assert job.status == JobStatus.QUEUED
    words = "No training server has the tag of this installation."
    assert words in client.get(f"/api/v1/jobs/{job.token}/").json()["waiting_reason"]
    assert words in client.get(reverse("job", args=[job.token])).content.decode()


def test_unknown_instances_are_told_apart(aws: str) -> None:
    with pytest.raises(InstanceMissing):
        current_cloud().start("i-00000000000000000")
