"""The rules of the bucket: ours are written, those of others stay, models are never touched."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def rules_of(s3: Any, bucket: str) -> dict[str, Any]:
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {rule["ID"]: rule for rule in rules}


def test_the_rules_are_written_beside_those_of_others(s3: Any, settings: Any) -> None:
    bucket = settings.BUCKET
    other = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [other]})
    for _ in range(2):
        call_command("storage_rules", "--origin", "https://flash.example.org", stdout=io.StringIO())
    rules = rules_of(s3, bucket)
    assert rules["logs"]["Expiration"]["Days"] == 1
    assert rules["flash-unfinished-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 2
    expiring = {rule["Filter"]["Prefix"] for rule in rules.values() if "Expiration" in rule}
    assert expiring == {"logs/", "checkpoints/", "datasets/", "batch-uploads/", "batches/"}, "never models"
    (cors,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert (cors["AllowedOrigins"], cors["AllowedMethods"]) == (["https://flash.example.org"], ["PUT", "GET"])
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    s3.delete_public_access_block(Bucket=bucket)


def test_a_dry_run_prints_them_alone(s3: Any) -> None:
    call_command("storage_rules", "--dry-run", stdout=(out := io.StringIO()))
    assert {rule["ID"] for rule in json.loads(out.getvalue())["lifecycle"]} >= {"flash-checkpoints"}
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_bucket_lifecycle_configuration(Bucket="flash-tests")


def test_a_refusal_is_told_in_a_sentence(s3: Any, settings: Any) -> None:
    from django.core.files.storage import storages

    storages["default"].bucket_name = "not-there"
    with pytest.raises(CommandError, match="did not accept the rules"):
        call_command("storage_rules", stdout=io.StringIO())


def test_files_on_disk_need_none() -> None:
    with pytest.raises(CommandError, match="FLASH_S3_BUCKET"):
        call_command("storage_rules")
