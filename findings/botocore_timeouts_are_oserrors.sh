#!/bin/sh
# botocore 1.44.5, seen on 29 November 2026.
#
# The two ways in which a bucket is away have no exception in common but HTTPClientError: one that accepts and never answers gives
# ReadTimeoutError, which is an OSError (by way of requests' exceptions) with errno None; one that hangs up gives
# ConnectionClosedError, which is none. A program that reads a local file while it uploads, and takes every OSError for trouble with its own
# disk, mistakes the first for that and not the second. An OSError of the disk has an errno.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.5 botocore==1.44.5
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import threading

import boto3
from botocore.config import Config


def error_of(answer) -> Exception:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        connection.recv(65536)
        answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(read_timeout=1, retries={"total_max_attempts": 1}),
    )
    try:
        client.head_bucket(Bucket="some-bucket")
    except Exception as error:
        return error
    raise SystemExit("changed: no error")


waiting = threading.Event()
silent = error_of(lambda connection: waiting.wait(5))
hung_up = error_of(lambda connection: connection.close())
for error in (silent, hung_up):
    print(f"{type(error).__name__}: an OSError? {isinstance(error, OSError)}; errno {getattr(error, 'errno', '-')}")
if (isinstance(silent, OSError), silent.errno, isinstance(hung_up, OSError)) != (True, None, False):
    raise SystemExit("changed: the exceptions stand elsewhere now")
PYTHON
