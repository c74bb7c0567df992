"""What the bucket itself must know: what to forget in the end, and which site's pages may send to it."""

from typing import Any

from django.core.files.storage import default_storage

_OURS = "flash-"
# Days. Whatever no sweep has dealt with for so long is nobody's: a job ends within its deadline and three tries.
_PARTS, _CHECKPOINTS, _DATA, _OLD_VERSIONS = 2, 14, 90, 7


def lifecycle_rules() -> list[dict[str, Any]]:
    """Unfinished uploads, checkpoints, data and old versions go in the end; models are never touched."""
    everything = {"Prefix": _prefix("")}
    return [
        {
            "ID": _OURS + "unfinished-uploads",
            "Status": "Enabled",
            "Filter": everything,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _PARTS},
        },
        {
            "ID": _OURS + "old-versions",
            "Status": "Enabled",
            "Filter": everything,
            "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_VERSIONS},
        },
        _expiry("checkpoints", _CHECKPOINTS),
        _expiry("datasets", _DATA),
        _expiry("batch-uploads", _DATA),
        _expiry("batches", _DATA),
    ]


def cors_rules(origins: list[str]) -> list[dict[str, Any]]:
    """Pages of `origins` may PUT to the addresses that they are given, and read what they may fetch."""
    return [
        {
            "ID": _OURS + "uploads",
            "AllowedOrigins": origins,
            "AllowedMethods": ["PUT", "GET"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3000,
        }
    ]


def apply(origins: list[str]) -> None:
    """Writes the rules beside those of others, which stay, and closes the bucket to the public.

    Raises what boto3 raises.
    """
    storage: Any = default_storage
    client, bucket = storage.connection.meta.client, {"Bucket": storage.bucket_name}
    client.put_public_access_block(
        **bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    others = _others(client.get_bucket_lifecycle_configuration, bucket, "Rules")
    client.put_bucket_lifecycle_configuration(
        **bucket, LifecycleConfiguration={"Rules": others + lifecycle_rules()}
    )
    if origins:
        others = _others(client.get_bucket_cors, bucket, "CORSRules")
        client.put_bucket_cors(**bucket, CORSConfiguration={"CORSRules": others + cors_rules(origins)})


def _others(ask: Any, bucket: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The rules there are that are not ours."""
    from botocore.exceptions import ClientError

    try:
        rules = ask(**bucket)[name]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration"):
            return []
        raise
    return [rule for rule in rules if not rule.get("ID", "").startswith(_OURS)]


def _expiry(folder: str, days: int) -> dict[str, Any]:
    return {
        "ID": f"{_OURS}{folder}",
        "Status": "Enabled",
        "Filter": {"Prefix": _prefix(folder + "/")},
        "Expiration": {"Days": days},
    }


def _prefix(folder: str) -> str:
    storage: Any = default_storage
    return str(storage._normalize_name(folder or "x").removesuffix("" if folder else "x"))
