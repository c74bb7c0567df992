"""Downloads files of weights within bounds: the network may be missing, stalled, or hand out something else."""

import hashlib
import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

# Where an operator puts weights.
DIRECTORY_VARIABLE = "FLASH_WEIGHTS_DIR"
_CONNECT_SECONDS = 10.0
_STALLED_SECONDS = 20.0
_CHUNK = 1024 * 1024
# After a network did not let a file through, it is not asked again for this long: each training would wait for it.
_RESTS_SECONDS = 600
_REFUSED_FILE = ".network-refused"


class DownloadFailed(Exception):
    """A file cannot be had; the message says why, without a full stop."""


class _Transfer(threading.Thread):
    """Fetches a URL to a file; a thread, because a name server that does not answer cannot be timed out."""

    def __init__(self, url: str, target: Path) -> None:
        super().__init__(name="download", daemon=True)
        self._url, self._target = url, target
        self.last_byte = time.monotonic()
        self.digest = hashlib.sha256()
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch; `error` says what went wrong."""
        try:
            # The addresses are Flash's own, all https.
            answer = urllib.request.urlopen(self._url, timeout=_CONNECT_SECONDS)  # noqa: S310
            with answer, self._target.open("wb") as file:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    self.digest.update(chunk)
                    self.last_byte = time.monotonic()
        except urllib.error.HTTPError as error:
            error.close()
            self.error = error
        except Exception as error:
            self.error = error


def download(url: str, target: Path, digest: str) -> None:
    """Fetch `url` to `target`, whole or not at all; its sha256 must begin with `digest`; raises DownloadFailed."""
    refused = target.with_name(_REFUSED_FILE)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if _age(refused) < _RESTS_SECONDS:
            raise DownloadFailed("the network refused it some minutes ago")
    except OSError as error:
        raise DownloadFailed("the cache folder cannot be written") from error
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    transfer = _Transfer(url, temporary)
    transfer.start()
    try:
        while transfer.is_alive():
            transfer.join(0.1)
            if time.monotonic() - transfer.last_byte > _STALLED_SECONDS:
                refused.touch()
                raise DownloadFailed("the network is not responding")
        if transfer.error is not None:
            refused.touch()
            raise DownloadFailed("the network blocks it")
        refused.unlink(missing_ok=True)
        if not transfer.digest.hexdigest().startswith(digest):
            raise DownloadFailed("the download was damaged")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """In seconds; infinite where there is no such file, or its time is ahead."""
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    return age if age >= 0 else float("inf")
