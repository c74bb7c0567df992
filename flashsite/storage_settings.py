"""Settings of files: uploads, and where they are kept, here or in a bucket; `flashsite.settings` takes them over."""

from datetime import timedelta
from typing import Any

from flashsite import env
from flashsite.flash_settings import FLASH_AWS_ENDPOINT, FLASH_AWS_REGION, FLASH_LIMITS, FLASH_VAR_DIR
from training.ground.limits import GIB, MIB

STATIC_URL = "/static/"
STATIC_ROOT = FLASH_VAR_DIR / "static"
MEDIA_ROOT = FLASH_VAR_DIR / "media"
# No MEDIA_URL: uploads and models leave only through views that check the token.
_S3_BUCKET = env.string("FLASH_S3_BUCKET")


def _s3_client() -> dict[str, Any]:
    """For S3 alone: other installations do not load boto3 at all."""
    if not _S3_BUCKET:
        return {}
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    return {
        # One PUT for a file: its SHA-256 is then that of the whole, and a broken one leaves no parts behind.
        "transfer_config": TransferConfig(multipart_threshold=4 * GIB, use_threads=False),
        # A bucket that does not answer is given up after a minute or two; the work is tried again as a whole.
        "client_config": Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 4, "mode": "standard"},
        ),
    }


_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": _S3_BUCKET,
        "location": env.string("FLASH_S3_PREFIX"),
        "region_name": env.string("AWS_REGION") or None,
        "endpoint_url": env.string("AWS_ENDPOINT_URL") or None,
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": False,
        "querystring_expire": 600,
        "max_memory_size": 8 * MIB,
        **_s3_client(),
        # The bucket compares each transfer with a SHA-256 made here, and refuses what was damaged on the way.
        "object_parameters": {"ChecksumAlgorithm": "SHA256"},
    },
}
_LOCAL = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
# Browsers send large files to the bucket by themselves; pages must then be allowed to reach it (and it them: CORS).
FLASH_DIRECT_UPLOADS = bool(_S3_BUCKET) and env.boolean("FLASH_DIRECT_UPLOADS", True)
FLASH_BUCKET_ORIGIN = FLASH_AWS_ENDPOINT or f"https://{_S3_BUCKET}.s3.{FLASH_AWS_REGION}.amazonaws.com"
# Models are fetched from the bucket as well, over addresses that are good for two minutes.
FLASH_PRESIGNED_DOWNLOADS = bool(_S3_BUCKET) and env.boolean("FLASH_PRESIGNED_DOWNLOADS", True)
# An upload in pieces is forgotten when nothing has come for so long.
FLASH_UPLOAD_RETENTION = timedelta(seconds=env.integer("FLASH_UPLOAD_RETENTION_SECONDS", 24 * 3600, low=60))
# How many of them there may be of one address or API key, and together.
FLASH_UPLOADS_PER_CALLER = env.integer("FLASH_UPLOADS_PER_CALLER", 20, low=1)
FLASH_UPLOADS_AT_ONCE = env.integer("FLASH_UPLOADS_AT_ONCE", 200, low=1)
# How often a checkpoint is copied into storage, for another server to continue from; 0: never. On local files the
# run folder is on the same disk already.
FLASH_CHECKPOINT_SECONDS = env.integer("FLASH_CHECKPOINT_SECONDS", 60 if _S3_BUCKET else 0)
STORAGES = {
    "default": _S3 if _S3_BUCKET else _LOCAL,
    "staticfiles": {"BACKEND": "flashsite.static_modules.ModuleStorage"},
}
# On the same file system as the media: a stored upload is a rename, not a copy.
FILE_UPLOAD_TEMP_DIR = str(FLASH_VAR_DIR / "tmp")
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 * MIB
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "modelstore.ground.temporary.UploadHandler",
]
# No upload takes the last of the disk: the database, checkpoints and models need it.
FLASH_DISK_RESERVE = env.size("FLASH_DISK_RESERVE", 256 * MIB)
FILE_UPLOAD_PERMISSIONS = 0o640
# JSON bodies carry base64 pictures; files are not counted here and have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.size("FLASH_MAX_JSON", 64 * MIB)
DATA_UPLOAD_MAX_NUMBER_FILES = FLASH_LIMITS.max_pictures_per_request
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
