"""Addresses of the bucket where a client fetches a file by itself, so that no gigabyte passes through the web."""

import logging
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.http import content_disposition_header

from modelstore.access import unusable_model
from modelstore.ground import files
from modelstore.models import TrainedModel
from training.bundle.manifest import BundleDamaged, shared_range

logger = logging.getLogger(__name__)

# As long as it takes to follow a redirect, on a slow line.
_SECONDS = 120


def address(*, model: TrainedModel, file: str, name: str) -> str | None:
    """Where a browser gets `file` as an attachment called `name`; None: it must be sent from here.

    The bucket vouches for the content with the SHA-256 that it was given when the file was published. Raises
    ModelDamaged (503) when that is different.
    """
    key = f"{model.storage_prefix}/{file}"
    if not settings.FLASH_PRESIGNED_DOWNLOADS or files.local_path(key) is not None:
        return None
    # What is stored in two parts lies nowhere as a whole, and a bucket puts no parts of a few bytes together.
    if shared_range(model.manifest["files"][file]) is not None:
        return None
    stored = _stored_sha256(key)
    if stored is None:
        return None
    if stored != model.manifest["files"][file]["sha256"]:
        damage = BundleDamaged(f"{file} has been changed since it was written")
        raise unusable_model(model, damage) from damage
    answer = {
        "ResponseContentDisposition": content_disposition_header(True, name),
        "ResponseContentType": "application/octet-stream",
        "ResponseCacheControl": "no-store, private",
    }
    storage: Any = default_storage
    return str(storage.url(key, parameters=answer, expire=_SECONDS))


def _stored_sha256(key: str) -> str | None:
    try:
        return files.stored_sha256(key)
    except Exception:  # sent from here then, with the refusal that belongs to it
        logger.warning("The bucket did not report %s.", key, exc_info=True)
        return None
