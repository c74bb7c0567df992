"""A client of Flash's JSON API in one file, standard library only.

from flash_client import Flash
flash = Flash("http://127.0.0.1:8000")
job = flash.train("ants-and-bees.zip", task_type="imageclassification", task_name="ants and bees")
job = flash.wait(job["token"], on_progress=lambda job: print(job["status"], job["progress"]))
print(flash.predict_pictures(job["token"], ["ant.jpg"]))
"""

import json
import mimetypes
import secrets
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_CHUNK = 1024 * 1024
_ENDED = ("deployed", "failed", "cancelled")


class FlashProblem(Exception):
    """A refusal of the server: `status`, `code` and the whole problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> None:
        super().__init__(problem.get("detail") or f"HTTP status {status}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = dict(problem)
        self.retry_after = retry_after


class Flash:
    """One Flash site; every method answers the decoded JSON and raises FlashProblem when refused."""

    def __init__(self, url: str, *, timeout: float = 120.0) -> None:
        self._root = url.rstrip("/") + "/api/v1/"
        self._timeout = timeout

    def status(self) -> dict[str, Any]:
        return self._json("GET", "status/")

    def check(self, dataset: str | Path, *, task_type: str, **fields: Any) -> dict[str, Any]:
        """Uploads and checks a dataset without training; its token serves `train(dataset_token=...)`."""
        return self._form("datasets/", {"task_type": task_type, **fields}, [("dataset", Path(dataset))])

    def train(
        self, dataset: str | Path | None = None, *, idempotency_key: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Submits a job: `task_type`, `task_name` and any hyperparameter of the API. Answers the job."""
        files = [("dataset", Path(dataset))] if dataset is not None else []
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._form("jobs/", fields, files, headers)

    def job(self, token: str) -> dict[str, Any]:
        return self._json("GET", f"jobs/{token}/")

    def events(self, token: str, after: int = 0) -> list[dict[str, Any]]:
        """The log, oldest first; only what is newer than the event `after`."""
        return list(self._pages(f"jobs/{token}/events/", after=after))

    def cancel(self, token: str) -> dict[str, Any]:
        return self._json("POST", f"jobs/{token}/cancel/", {})

    def wait(
        self,
        token: str,
        *,
        timeout: float = 3600.0,
        poll: float = 1.0,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Follows a job to its end; TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            job = self.job(token)
            if on_progress:
                on_progress(job)
            if job["status"] in _ENDED:
                return job
            if time.monotonic() > deadline:
                raise TimeoutError(f"The job is still {job['status']} after {timeout:g} s.")
            time.sleep(poll)

    def model(self, token: str) -> dict[str, Any]:
        return self._json("GET", f"models/{token}/")

    def predict_texts(self, token: str, sentences: Sequence[str], top_k: int = 5) -> list[dict[str, Any]]:
        body = {"inputs": list(sentences), "top_k": top_k}
        return self._json("POST", f"models/{token}/predict/", body)["predictions"]

    def predict_pictures(
        self, token: str, pictures: Iterable[str | Path], top_k: int = 5
    ) -> list[dict[str, Any]]:
        files = [("image", Path(picture)) for picture in pictures]
        return self._form(f"models/{token}/predict/", {"top_k": top_k}, files)["predictions"]

    def download(self, token: str, target: str | Path, *, format: str = "bundle") -> Path:
        """Saves the model as onnx, pytorch, safetensors or bundle (a zip)."""
        request = urllib.request.Request(f"{self._root}models/{token}/download/?format={format}")
        with self._open(request) as answer, Path(target).open("wb") as file:
            shutil.copyfileobj(answer, file, _CHUNK)
        return Path(target)

    def _pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list, page after page."""
        words = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        page = self._json("GET", f"{path}?{words}" if words else path)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            # The address as the site sees itself may differ from ours: only its query is taken.
            page = self._json("GET", f"{path}?{urllib.parse.urlsplit(page['next']).query}")

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self._root + path, data=data, method=method, headers=headers)
        with self._open(request) as answer:
            return json.load(answer)

    def _form(
        self,
        path: str,
        fields: Mapping[str, Any],
        files: Sequence[tuple[str, Path]],
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        boundary = secrets.token_hex(16)
        parts = list(_parts(fields, files, boundary))
        length = sum(len(part) if isinstance(part, bytes) else part.stat().st_size for part in parts)
        request = urllib.request.Request(self._root + path, data=_stream(parts), method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        with self._open(request) as answer:
            return json.load(answer)

    def _open(self, request: urllib.request.Request) -> BinaryIO:
        request.add_header("Accept", "*/*")
        try:
            return urllib.request.urlopen(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
            try:
                problem = json.loads(body)
            except ValueError:
                problem = {"detail": body[:200].decode("utf-8", "replace")}
            wait = error.headers.get("Retry-After")
            raise FlashProblem(
                error.code, problem, float(wait) if wait and wait.isdecimal() else None
            ) from None


def _parts(
    fields: Mapping[str, Any], files: Sequence[tuple[str, Path]], boundary: str
) -> Iterator[bytes | Path]:
    for name, value in fields.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
    for name, path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        shown = path.name.replace('"', "%22").replace("\r", " ").replace("\n", " ")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{shown}"\r\n'
        yield f"{head}Content-Type: {kind}\r\n\r\n".encode()
        yield path
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _stream(parts: Sequence[bytes | Path]) -> Iterator[bytes]:
    """The body piece by piece: a file is never held in memory as a whole."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
