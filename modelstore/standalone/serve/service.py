"""Answers requests as Flash's own API does; the Lambda handler and the container's server both use it."""

import email
import email.policy
import hmac
import json
import os
from pathlib import Path
from typing import Any

import inputs
from predict import Classifier, UnreadableInput

HERE = Path(__file__).resolve().parent
MOST_BYTES = 32 * 1024**2
_MOST_INPUTS = 100
_HOW = 'Send JSON like {"inputs": ["..."]}, or a picture as the body.'
Answer = tuple[int, dict[str, Any]]


class Refused(Exception):
    """A request that makes no sense, with a status and a sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Service:
    """The model in `folder`, loaded once. With PREDICT_KEY set, callers must send it as a bearer token."""

    def __init__(self, folder: Path = HERE) -> None:
        self.classifier = Classifier(folder, threads=os.cpu_count() or 1)
        self._key = os.environ.get("PREDICT_KEY", "")

    def answer(self, method: str, headers: dict[str, str], body: bytes) -> Answer:
        """(status, JSON) of a request; the names of `headers` are in lower case."""
        try:
            if method == "GET":
                facts = self.classifier.facts
                return 200, {name: facts.get(name) for name in ("task", "model", "classes", "accuracy")}
            if method != "POST":
                raise Refused(405, "POST inputs here.")
            self._check_key(headers.get("authorization", ""))
            given, options = self._read(headers.get("content-type", ""), body)
            return 200, {"predictions": self._predict(given, options)}
        except Refused as error:
            return error.status, {"status": error.status, "detail": error.detail}
        except UnreadableInput as error:
            return 422, {"status": 422, "detail": f"Input {error.index or 0} cannot be read: {error.reason}."}

    def _check_key(self, sent: str) -> None:
        if self._key and not hmac.compare_digest(sent.encode(), f"Bearer {self._key}".encode()):
            raise Refused(401, "Send the key as `Authorization: Bearer KEY`.")

    def _read(self, kind: str, body: bytes) -> tuple[list[Any], dict[str, Any]]:
        if len(body) > MOST_BYTES:
            raise Refused(413, f"At most {MOST_BYTES // 1024**2} MB at a time.")
        if kind.startswith(("image/", "multipart/form-data")):
            if not inputs.FILES:
                raise Refused(400, f"This model sorts {inputs.SAMPLES}.")
            return _parts(kind, body) if kind.startswith("multipart") else ([body], {})
        try:
            data = json.loads(body)
            given = data.pop("inputs")
            if not isinstance(given, list):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused(400, _HOW) from error
        try:
            return [inputs.from_wire(value) for value in given], data
        except TypeError as error:
            raise Refused(400, _HOW) from error
        except ValueError as error:
            raise Refused(400, str(error)) from error

    def _predict(self, given: list[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        if not 1 <= len(given) <= _MOST_INPUTS:
            raise Refused(400, f"Send 1 to {_MOST_INPUTS} inputs.")
        try:
            top, threshold = int(options.get("top_k", 5)), options.get("threshold")
            threshold = None if threshold is None else float(threshold)
        except (TypeError, ValueError, OverflowError) as error:
            raise Refused(400, "`top_k` and `threshold` must be numbers.") from error
        answers = self.classifier.predict(given, max(1, top))
        if threshold is not None:
            for answer in answers:
                answer["unsure"] = "labels" not in answer and answer["probability"] < threshold
        return answers


def _parts(kind: str, body: bytes) -> tuple[list[Any], dict[str, Any]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    pictures: list[Any] = []
    options: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        if name == "image":
            pictures.append(content)
        elif isinstance(name, str):
            options[name] = content.decode("utf-8", "replace")
    return pictures, options
