"""The instance metadata service, version 2: who this machine is, and whether EC2 wants it back.

    python3 jobs/compute/imds.py /run/flash-identity/name     # FLASH_SERVER_NAME=i-…, for systemd's EnvironmentFile

Needs Python's standard library alone. Source: EC2 user guide, "Use IMDSv2" and "Spot Instance interruption notices".
"""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ENDPOINT = "http://169.254.169.254"
_TOKEN_SECONDS = 21_600


class Imds:
    """Every call takes 2 s at most; OSError when there is no such service, as anywhere but on EC2."""

    def __init__(self, endpoint: str = ENDPOINT) -> None:
        self._endpoint, self._token, self._token_until = endpoint.rstrip("/"), "", 0.0

    def instance_id(self) -> str:
        """This machine's name, such as i-0123456789abcdef0."""
        found = self._get("/latest/meta-data/instance-id")
        if not found:
            raise OSError("The metadata service does not know this instance.")
        return found

    def interruption(self) -> str:
        """When and how EC2 takes this machine back (`terminate at 2026-01-01T00:02:00Z`); empty while it does not."""
        text = self._get("/latest/meta-data/spot/instance-action")
        if not text:
            return ""
        try:
            notice = json.loads(text)
            return f"{notice['action']} at {notice['time']}"
        except (ValueError, KeyError, TypeError):
            # Whatever else it means, it is a notice.
            return text[:200]

    def _get(self, path: str) -> str:
        """The text at `path`; empty when there is none."""
        if time.monotonic() >= self._token_until:
            self._renew_token()
        headers = {"X-aws-ec2-metadata-token": self._token}
        try:
            return self._send(urllib.request.Request(self._endpoint + path, headers=headers))  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                return ""
            self._token_until = 0
            raise OSError(f"The metadata service answered {error.code} for {path}.") from error

    def _renew_token(self) -> None:
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_SECONDS)}
        request = urllib.request.Request(  # noqa: S310
            f"{self._endpoint}/latest/api/token", method="PUT", headers=headers
        )
        try:
            self._token = self._send(request)
        except urllib.error.HTTPError as error:
            error.close()
            raise OSError(f"The metadata service gave no token: {error.code}.") from error
        self._token_until = time.monotonic() + _TOKEN_SECONDS / 2

    def _send(self, request: urllib.request.Request) -> str:
        # No proxy: the address is this machine's own.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=2) as answer:
            text: str = answer.read().decode()
            return text


def main(arguments: list[str]) -> int:
    """Writes this machine's name; waits up to a minute for a metadata service that is not up yet."""
    endpoint = arguments[1] if len(arguments) > 1 else ENDPOINT
    deadline = time.monotonic() + 60
    while True:
        try:
            name = Imds(endpoint).instance_id()
            break
        except OSError as error:
            if time.monotonic() > deadline:
                print(f"This is no EC2 instance, or its metadata is off: {error}", file=sys.stderr)  # noqa: T201
                return 1
            time.sleep(2)
    Path(arguments[0]).write_text(f"FLASH_SERVER_NAME={name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
