"""LitServe: `python -m benchmarks.peers.litserve_app PORT`, two workers, as its documentation has it."""

import sys
from typing import Any

import litserve  # type: ignore[import-not-found]
from fastapi import Request  # type: ignore[import-not-found]

from benchmarks.peers.bare import Classifier


class Pictures(litserve.LitAPI):  # type: ignore[misc]
    """One picture a request, in the form field `image`."""

    def setup(self, device: str) -> None:
        self.classifier = Classifier()

    def decode_request(self, request: Request) -> bytes:
        return bytes(request["image"].file.read())

    def predict(self, picture: bytes) -> dict[str, Any]:
        return self.classifier(picture)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Pictures(), accelerator="cpu", workers_per_device=2)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="warning")
