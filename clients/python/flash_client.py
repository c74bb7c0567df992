"""A client of Flash's JSON API in one file, standard library only: copy it into your program.

from flash_client import Flash
flash = Flash("http://127.0.0.1:8000")
job = flash.train("ants-and-bees.zip", task_type="imageclassification", task_name="ants and bees")
job = flash.wait(job["token"], on_progress=lambda job: print(job["status"], job["progress"]))
print(flash.predict_pictures(job["token"], ["ant.jpg"]))
flash.download(job["token"], "model.zip")

Refusals raise FlashProblem with the server's words, a stable `code` (docs/api.md lists them) and `retry_after`.
"""

import json
import mimetypes
import os
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

_CHUNK = 1024 * 1024
_ENDED = ("deployed", "done", "failed", "cancelled")
_LATER = (429, 503)

# Bytes that have gone, and bytes in all (0: not known).
OnBytes = Callable[[int, int], None]


class FlashProblem(Exception):
    """A refusal of the server: `status`, `code` and the whole problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> None:
        super().__init__(problem.get("detail") or f"HTTP status {status}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = dict(problem)
        self.retry_after = retry_after


class Flash:
    """One Flash site; every method answers the decoded JSON and raises FlashProblem when refused.

    `key` is an API key, needed for lists alone. With `patience`, a request that is refused for now (429, 503) is sent
    again, as the server asks, for so many seconds.
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout: float = 120.0, patience: float = 0.0
    ) -> None:
        self._root = url.rstrip("/") + "/api/v1/"
        self._timeout = timeout
        self._patience = patience
        self._key = key

    def status(self) -> dict[str, Any]:
        return self._json("GET", "status/")

    def change_status(self, **changes: Any) -> dict[str, Any]:
        """For operators: `dev_mode`, `notice`, `queue_limit`."""
        return self._json("PATCH", "status/", changes)

    def servers(self) -> Iterator[dict[str, Any]]:
        """For operators: the machines that train."""
        return self._pages("servers/")

    def check(
        self, dataset: str | Path, *, task_type: str, on_upload: OnBytes | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Uploads and checks a dataset without training; its token serves `train(dataset_token=...)`."""
        files = [("dataset", Path(dataset))]
        return self._form("datasets/", {"task_type": task_type, **fields}, files, on_bytes=on_upload)

    def upload(
        self, dataset: str | Path, *, task_type: str, on_upload: OnBytes | None = None, **options: Any
    ) -> dict[str, Any]:
        """As `check`, in pieces that go on after a broken connection: for large files. `options`: columns."""
        path = Path(dataset)
        size = path.stat().st_size
        begun = self._json(
            "POST", "uploads/", {"name": path.name, "size": size, "task_type": task_type, "direct": False}
        )
        place = f"uploads/{begun['token']}/"
        with path.open("rb") as file:
            offset = begun["offset"]
            while offset < size:
                file.seek(offset)
                offset = self._send_piece(place, offset, file.read(begun["chunk_size"]))
                if on_upload:
                    on_upload(offset, size)
        return self._json("POST", f"{place}complete/", options)

    def train(
        self,
        dataset: str | Path | None = None,
        *,
        idempotency_key: str | None = None,
        on_upload: OnBytes | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Submits a job: `task_type`, `task_name` and any hyperparameter of the API. Answers the job.

        A repeat with the same `idempotency_key` answers the same job; with `patience` there is always one.
        """
        files = [("dataset", Path(dataset))] if dataset is not None else []
        key = idempotency_key or (secrets.token_hex(16) if self._patience else None)
        headers = {"Idempotency-Key": key} if key else {}
        return self._form("jobs/", fields, files, headers, on_bytes=on_upload)

    def quote(self, **fields: Any) -> dict[str, Any]:
        """What a job would take: `dataset_token`, or `task_type` and `samples`, and any hyperparameter."""
        return self._json("POST", "quotes/", fields)

    def jobs(self, *, status: str | None = None, task_type: str | None = None) -> Iterator[dict[str, Any]]:
        """The jobs of the key, newest first; of everybody with an operator's key."""
        return self._pages("jobs/", status=status, task_type=task_type)

    def job(self, token: str) -> dict[str, Any]:
        return self._json("GET", f"jobs/{token}/")

    def events(self, token: str, after: int = 0) -> list[dict[str, Any]]:
        """The log, oldest first; only what is newer than the event `after`."""
        return list(self._pages(f"jobs/{token}/events/", after=after))

    def stop(self, token: str) -> dict[str, Any]:
        """End a training; the best model so far is deployed."""
        return self._json("POST", f"jobs/{token}/stop/")

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
        """Follows a job to its end; TimeoutError after `timeout` seconds. A site that restarts is waited for."""
        return self._wait(lambda: self.job(token), timeout, poll, on_progress)

    def _wait(
        self,
        look: Callable[[], dict[str, Any]],
        timeout: float,
        poll: float,
        on_progress: Callable[[dict[str, Any]], None] | None,
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        job: dict[str, Any] = {"status": "unknown"}
        while job["status"] not in _ENDED:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The job is still {job['status']} after {timeout:g} s.")
            try:
                job = look()
            except FlashProblem as problem:
                if problem.status not in _LATER:
                    raise
            except OSError:
                if time.monotonic() + poll > deadline:
                    raise
            else:
                if on_progress:
                    on_progress(job)
            if job["status"] not in _ENDED:
                time.sleep(poll)
        return job

    def models(self, *, task_type: str | None = None) -> Iterator[dict[str, Any]]:
        """The living models of the key, newest first; of everybody with an operator's key."""
        return self._pages("models/", task_type=task_type)

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

    def predict_file(
        self,
        token: str,
        file: str | Path,
        target: str | Path,
        *,
        timeout: float = 3600.0,
        poll: float = 1.0,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Predicts a whole zip, video or table and saves the results as `target`: .csv, .jsonl or .xlsx.

        Answers the batch.

        `fields`: top_k, frames_per_second, input_column. Nothing is saved when its status is not `done`.
        """
        return self._whole_file(
            f"models/{token}/batches/",
            file,
            target,
            fields,
            timeout=timeout,
            poll=poll,
            on_progress=on_progress,
        )

    def evaluate(
        self,
        token: str,
        file: str | Path,
        target: str | Path | None = None,
        *,
        timeout: float = 3600.0,
        poll: float = 1.0,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Measures a model on a labelled file: the figures are in `evaluation` of the answer, if its status is `done`.

        With `target` what the model said of each sample is saved there, .csv, .jsonl or .xlsx. `fields`:
        accept_guesses and how the file is read, as for `check`.
        """
        return self._whole_file(
            f"models/{token}/evaluations/",
            file,
            target,
            fields,
            timeout=timeout,
            poll=poll,
            on_progress=on_progress,
        )

    def _whole_file(
        self,
        place: str,
        file: str | Path,
        target: str | Path | None,
        fields: Mapping[str, Any],
        *,
        timeout: float,
        poll: float,
        on_progress: Callable[[dict[str, Any]], None] | None,
    ) -> dict[str, Any]:
        """Sends it, follows it to its end, saves its results."""
        headers = {"Idempotency-Key": secrets.token_hex(16)} if self._patience else {}
        row = self._form(place, fields, [("file", Path(file))], headers)
        place = f"{place}{row['token']}/"
        row = self._wait(lambda: self._json("GET", place), timeout, poll, on_progress)
        if row["status"] == "done" and target is not None:
            self._save(f"{place}results/?format={Path(target).suffix.removeprefix('.')}", Path(target))
        return row

    def download(
        self,
        token: str,
        target: str | Path,
        *,
        format: str = "bundle",
        on_download: OnBytes | None = None,
    ) -> Path:
        """Saves the model as onnx, pytorch, safetensors, bundle or code (zips); what bears the name is complete."""
        return self._save(f"models/{token}/download/?format={format}", Path(target), on_download)

    def _save(self, path: str, target: Path, on_download: OnBytes | None = None) -> Path:
        partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        try:
            with self._open("GET", path) as answer, partial.open("wb") as file:
                _copy(answer, file, int(answer.headers.get("Content-Length") or 0), on_download)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return target

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
        with self._open(method, path, data, headers) as answer:
            return json.load(answer)

    def _form(
        self,
        path: str,
        fields: Mapping[str, Any],
        files: Sequence[tuple[str, Path]],
        headers: Mapping[str, str] | None = None,
        on_bytes: OnBytes | None = None,
    ) -> Any:
        boundary = secrets.token_hex(16)
        parts = list(_parts(fields, files, boundary))
        length = sum(len(part) if isinstance(part, bytes) else part.stat().st_size for part in parts)
        known = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length),
            **(headers or {}),
        }
        with self._open("POST", path, lambda: _stream(parts, length, on_bytes), known) as answer:
            return json.load(answer)

    def _send_piece(self, place: str, offset: int, piece: bytes) -> int:
        """Where the upload stands afterwards; after a broken connection the server is asked."""
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        for pause in (1, 4, 15, 0):
            try:
                with self._open("PATCH", place, piece, headers) as answer:
                    return int(answer.headers["Upload-Offset"])
            except FlashProblem as problem:
                if problem.code not in ("upload_busy", "offset_conflict"):
                    raise
            except OSError:
                if not pause:
                    raise
            time.sleep(pause)
            with self._open("HEAD", place) as answer:
                if (stands := int(answer.headers["Upload-Offset"])) != offset:
                    return stands
        raise ConnectionError("The upload makes no progress. Try again later: it can be resumed for a day.")

    def _open(
        self,
        method: str,
        path: str,
        data: bytes | Callable[[], Iterator[bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The open answer; what was refused for now is sent again while `patience` lasts."""
        deadline = time.monotonic() + self._patience
        while True:
            body = data() if callable(data) else data
            request = urllib.request.Request(
                self._root + path, data=body, method=method, headers={"Accept": "*/*", **(headers or {})}
            )
            if self._key:
                # Not for where a download is redirected to: the key is for this site alone.
                request.add_unredirected_header("Authorization", f"Bearer {self._key}")
            try:
                return urllib.request.urlopen(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                problem = _problem(error)
            pause = 1.0 if problem.retry_after is None else problem.retry_after
            if problem.status not in _LATER or time.monotonic() + pause > deadline:
                raise problem
            time.sleep(pause)


def _problem(error: urllib.error.HTTPError) -> FlashProblem:
    with error:
        body = error.read()
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {"detail": body[:200].decode("utf-8", "replace")}
    wait = error.headers.get("Retry-After")
    return FlashProblem(error.code, problem, float(wait) if wait and wait.isdecimal() else None)


def _copy(source: Any, target: BinaryIO, total: int, on_bytes: OnBytes | None) -> None:
    done = 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        done += len(chunk)
        if on_bytes:
            on_bytes(done, total)


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


def _stream(parts: Sequence[bytes | Path], total: int, on_bytes: OnBytes | None) -> Iterator[bytes]:
    """The body piece by piece: a file is never held in memory as a whole."""
    sent = 0
    for part in parts:
        for chunk in [part] if isinstance(part, bytes) else _chunks(part):
            yield chunk
            sent += len(chunk)
            if on_bytes:
                on_bytes(sent, total)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
