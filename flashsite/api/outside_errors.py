"""Errors of the framework, the database and the disk as refusals, for pages and API alike."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import UnreadablePostError

from modelstore.ground.errors import FlashError
from modelstore.ground.files import StorageFull, is_disk_full

logger = logging.getLogger(__name__)
_BUSY_SECONDS = 10


class OutsideError(FlashError):
    """An error that is not Flash's own, told in our form."""

    def __init__(self, detail: str, *, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(detail, **more)
        self.status, self.code, self.title = status, code, title  # type: ignore[misc]


def body_incomplete() -> FlashError:
    """The refusal of a body that ended before its announced length."""
    return OutsideError(
        "The connection ended before the whole request had arrived. Send it again.",
        status=400,
        code="body_incomplete",
        title="The request is incomplete",
    )


def disk_full() -> FlashError:
    """The refusal of what this machine's disk has no room for."""
    return StorageFull("The server's disk is full, so nothing was kept. Try again later.")


def translated(error: BaseException | None) -> FlashError | None:
    """The refusal that `error` means to whoever asked; None for what is a fault of ours."""
    if error is None or isinstance(error, FlashError):
        return error
    if isinstance(error, UnreadablePostError):
        return body_incomplete()
    if isinstance(error, TooManyFieldsSent):
        return _too_large(
            "There are too many fields in one request.", 400, "too_many_fields", "Too many fields"
        )
    if isinstance(error, TooManyFilesSent):
        return _too_large("There are too many files in one request.", 413, "too_many_files", "Too many files")
    if isinstance(error, RequestDataTooBig):
        return _too_large(
            "The fields of the request are too large. Send less.",
            413,
            "too_large",
            "The request is too large",
        )
    if isinstance(error, OSError) and is_disk_full(error):
        return disk_full()
    if isinstance(error, OperationalError | InterfaceError):
        return _database(error)
    return None


def _database(error: Exception) -> FlashError:
    # SQLite's words for SQLITE_FULL, PostgreSQL's for SQLSTATE 53100.
    logger.warning("The database did not serve a request: %s", error)
    told = " ".join(str(one) for one in _causes(error)).lower()
    if "disk is full" in told or "no space left" in told:
        return disk_full()
    return OutsideError(
        "The database is busy or cannot be reached. Try again in a moment.",
        status=503,
        code="database_busy",
        title="The database does not respond",
        retry_after=_BUSY_SECONDS,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__


def _too_large(detail: str, status: int, code: str, title: str) -> FlashError:
    return OutsideError(detail, status=status, code=code, title=title)
