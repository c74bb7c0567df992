"""A Flash whose machines and files are on AWS: moto answers for EC2 and S3, processes here play the machines."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests import postgres
from tests.redis_process import RedisProcess
from tests.whole.conftest import ROOT, free_port, wait_for_site

REGION, BUCKET = "eu-west-1", "flash-whole"
TAGS = [{"Key": "flash:installation", "Value": "flash"}]


@dataclass
class Machine:
    """What runs on an instance while it is up: a training worker with a disk of its own."""

    name: str
    folder: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    def boot(self) -> None:
        """What systemd does on the real one."""
        environment = self.environment | {"FLASH_VAR_DIR": str(self.folder), "FLASH_SERVER_NAME": self.name}
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "worker.log").open("ab") as log:
            command = [sys.executable, "manage.py", "work", "training"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """SIGTERM: it is shut down; SIGKILL: its power is cut."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()[-6000:]


@dataclass
class AwsSite:
    """The control plane's address, clients of its EC2 and S3, and what its programs are told."""

    url: str
    ec2: Any
    s3: Any
    environment: dict[str, str]
    folder: Path
    database: str
    machines: list[Machine] = field(default_factory=list)

    def add_instance(self) -> str:
        """A stopped instance with our tag."""
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        specification = [{"ResourceType": "instance", "Tags": TAGS}]
        answer = self.ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=specification
        )
        name = str(answer["Instances"][0]["InstanceId"])
        self.ec2.stop_instances(InstanceIds=[name])
        return name

    def add_machine(self, name: str) -> Machine:
        """What runs on the instance, with an empty disk."""
        machine = Machine(name, self.folder / f"machine-{len(self.machines)}", self.environment)
        self.machines.append(machine)
        return machine

    def state(self, name: str) -> str:
        instance = self.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
        return str(instance["State"]["Name"])

    def tags(self, name: str) -> dict[str, str]:
        rows = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])["Tags"]
        return {row["Key"]: row["Value"] for row in rows}

    def keys(self, prefix: str) -> list[str]:
        """Objects in the bucket."""
        return [
            row["Key"] for row in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        ]


def wait_for(condition: Callable[[], Any], what: str, *, seconds: float = 90) -> Any:
    """What `condition` answers as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)
    return found


@contextmanager
def aws_site() -> Iterator[AwsSite]:
    """`manage.py up` without training on a fresh account, with real Redis and, where it is there, Postgres."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="flash-aws-", ignore_cleanup_errors=True))
        )
        redis = stack.enter_context(RedisProcess())
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        stack.callback(moto.stop)
        host, port = moto.get_host_and_port()
        # All of moto's servers in a process share what they hold: no machine of another test may carry our tag.
        urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"", timeout=10).close()
        environment = _environment(f"http://{host}:{port}", f"unix://{redis.path}?db=0", folder)
        clients = [_client(kind, environment) for kind in ("ec2", "s3")]
        for client in clients:
            stack.callback(client.close)
        clients[1].create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        stack.callback(_empty, clients[1])
        site = AwsSite(
            url=f"http://127.0.0.1:{free_port()}",
            ec2=clients[0],
            s3=clients[1],
            environment=environment,
            folder=folder,
            database=environment["DATABASE_URL"].split(":")[0],
        )
        stack.callback(lambda: [machine.end(signal.SIGKILL) for machine in site.machines])
        stack.enter_context(_up(site))
        yield site


def _client(kind: str, environment: dict[str, str]) -> Any:
    return boto3.client(
        kind,
        region_name=REGION,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def _environment(aws: str, redis: str, folder: Path) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "flashsite.settings",
        "DATABASE_URL": _database(folder),
        "REDIS_URL": redis,
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "FLASH_S3_BUCKET": BUCKET,
        "FLASH_COMPUTE": "ec2",
        "FLASH_IDLE_GRACE_SECONDS": "10",
        "FLASH_LEASE_SECONDS": "6",
        "FLASH_CHECKPOINT_SECONDS": "1",
    }


def _database(folder: Path) -> str:
    """A PostgreSQL of its own; where there is none, one SQLite file for all programs."""
    try:
        return postgres.start()
    except SystemExit:
        return f"sqlite:///{folder}/shared.sqlite3"


@contextmanager
def _up(site: AwsSite) -> Iterator[None]:
    log = site.folder / "up.log"
    environment = site.environment | {"FLASH_VAR_DIR": str(site.folder / "control")}
    command = [sys.executable, "manage.py", "up", "--no-training", "--port", site.url.rsplit(":", 1)[1]]
    with log.open("wb") as output:
        up = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        wait_for_site(f"{site.url}/health/", up, log)
        yield
    finally:
        up.send_signal(signal.SIGINT)
        try:
            up.wait(60)
        finally:
            up.kill()


def _empty(s3: Any) -> None:
    """All of moto's servers in a process share their buckets."""
    for row in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=row["Key"])
    s3.delete_bucket(Bucket=BUCKET)
