"""EC2 and S3 over real HTTP: moto in server mode on a free port of this machine."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

# One that moto knows; its list of images is long.
IMAGE = "ami-12c6146b"
TAGS = [{"Key": "flash:installation", "Value": "flash"}]


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_server: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> str:
    """An empty account; answers its address."""
    import urllib.request

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    urllib.request.urlopen(f"{moto_server}/moto-api/reset", data=b"").close()
    settings.FLASH_COMPUTE, settings.FLASH_AWS_REGION = "ec2", "eu-west-1"
    settings.FLASH_AWS_ENDPOINT = moto_server
    return moto_server


@pytest.fixture
def ec2(aws: str) -> Iterator[Any]:
    client = boto3.client("ec2", region_name="eu-west-1", endpoint_url=aws)
    yield client
    client.close()


@pytest.fixture
def add_instance(ec2: Any) -> Any:
    """Makes a stopped instance with our tag."""

    def add() -> str:
        answer = ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
        )
        name = answer["Instances"][0]["InstanceId"]
        ec2.stop_instances(InstanceIds=[name])
        return str(name)

    return add
