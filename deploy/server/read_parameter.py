"""Writes out a SecureString of the SSM parameter store, read with the instance's role: read_parameter.py NAME."""

import os
import sys

import boto3


def main(name: str) -> int:
    client = boto3.client("ssm", endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None)
    value = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    sys.stdout.write(value.rstrip("\n") + "\n")
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
