"""Pieces of an upload in the bucket: a multipart upload whose parts the client sends there by itself."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.files.storage import default_storage

from jobs.uploads import UploadRefused
from modelstore.ground.files import storage_unavailable

URL_SECONDS = 3600
_MOST_PARTS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Bytes from `offset` on, to be PUT to `url` exactly."""

    number: int
    offset: int
    size: int
    url: str


def part_bytes(size: int, least: int) -> int:
    """The size of every part but the last, so that S3's limit of 10,000 parts holds."""
    return max(least, -(-size // _MOST_PARTS))


def begin(key: str) -> str:
    """Opens a multipart upload; answers its id."""
    with _translated():
        answer = _client().create_multipart_upload(**_object(key), ContentType="application/octet-stream")
    return str(answer["UploadId"])


def missing(key: str, multipart_id: str, *, size: int, part_size: int, most: int) -> list[Part]:
    """The first `most` parts that are not there, or not with the right length, each with an address."""
    there = _lengths(key, multipart_id)
    found = []
    for number in range(1, -(-size // part_size) + 1):
        offset = (number - 1) * part_size
        length = min(part_size, size - offset)
        if there.get(number) == length:
            continue
        found.append(Part(number=number, offset=offset, size=length, url=_url(key, multipart_id, number)))
        if len(found) == most:
            break
    return found


def received(key: str, multipart_id: str) -> int:
    """How many bytes are there."""
    return sum(_lengths(key, multipart_id).values())


def finish(key: str, multipart_id: str, *, size: int) -> None:
    """Makes one object of the parts; safe to repeat. Raises UploadRefused when it is not as long as announced."""
    if exists(key, size):
        return
    with _translated():
        parts = [
            {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in _parts(key, multipart_id)
        ]
        _client().complete_multipart_upload(
            **_object(key), UploadId=multipart_id, MultipartUpload={"Parts": parts}
        )
    if not exists(key, size):
        raise UploadRefused(
            "The file in the bucket is not of the announced length. Upload it again.",
            code="upload_incomplete",
        )


def exists(key: str, size: int) -> bool:
    """Whether the finished object is there with this length."""
    found = None
    with _translated(fine=("404", "NoSuchKey", "NotFound")):
        found = int(_client().head_object(**_object(key))["ContentLength"])
    return found == size


def head(key: str, count: int) -> bytes:
    """The first bytes of the finished object."""
    with _translated():
        answer = _client().get_object(**_object(key), Range=f"bytes=0-{count - 1}")
        with answer["Body"] as body:
            return bytes(body.read())


def abort(key: str, multipart_id: str) -> None:
    """Forgets all parts; nothing happens when they are gone already."""
    with _translated(fine=("NoSuchUpload",)):
        _client().abort_multipart_upload(**_object(key), UploadId=multipart_id)


def unfinished(prefix: str) -> Iterator[tuple[str, str, datetime]]:
    """(key, multipart id, begun) of every open multipart upload under `prefix`."""
    with _translated():
        pages = (
            _client()
            .get_paginator("list_multipart_uploads")
            .paginate(Bucket=default_storage.bucket_name, Prefix=_object(prefix)["Key"])  # type: ignore[attr-defined]
        )
        root = len(_object("x")["Key"]) - 1
        for page in pages:
            for row in page.get("Uploads", []):
                yield row["Key"][root:], row["UploadId"], row["Initiated"]


def _url(key: str, multipart_id: str, number: int) -> str:
    values = {**_object(key), "UploadId": multipart_id, "PartNumber": number}
    return str(_client().generate_presigned_url("upload_part", Params=values, ExpiresIn=URL_SECONDS))


def _lengths(key: str, multipart_id: str) -> dict[int, int]:
    with _translated():
        return {part["PartNumber"]: part["Size"] for part in _parts(key, multipart_id)}


def _parts(key: str, multipart_id: str) -> list[dict[str, Any]]:
    pages = _client().get_paginator("list_parts").paginate(**_object(key), UploadId=multipart_id)
    return [part for page in pages for part in page.get("Parts", [])]


def _object(key: str) -> dict[str, str]:
    storage: Any = default_storage
    return {"Bucket": storage.bucket_name, "Key": storage._normalize_name(key)}


def _client() -> Any:
    storage: Any = default_storage
    return _client_for(storage.region_name, storage.endpoint_url)


@lru_cache(maxsize=4)
def _client_for(region: str | None, endpoint: str | None) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=20,
        retries={"total_max_attempts": 3, "mode": "standard"},
        # A browser adds no checksums of its own, and parts must all have one or none.
        request_checksum_calculation="when_required",
        # The host that flashsite.settings.FLASH_BUCKET_ORIGIN names.
        s3={"addressing_style": "path" if endpoint else "virtual"},
    )
    return boto3.session.Session().client("s3", region_name=region, endpoint_url=endpoint, config=config)


@contextmanager
def _translated(fine: Collection[str] = ()) -> Iterator[None]:
    """Turns the bucket's errors into StorageUnavailable, and passes over those whose codes are `fine`."""
    # Here and below, because boto3 takes long to import and most installations have no bucket.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in fine:
            raise storage_unavailable() from error
    except BotoCoreError as error:
        raise storage_unavailable() from error
