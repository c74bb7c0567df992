"""The Terraform of deploy/: least privilege, a private bucket, alarms; read by a parser, for there is no AWS here."""

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest

from jobs.compute.cloudwatch_heartbeat import METRIC
from jobs.compute.ec2 import TAG
from jobs.models import BatchPrediction, Dataset
from jobs.upkeep.storage_rules import lifecycle_rules
from jobs.worker import checkpoints
from modelstore.models import SharedPart

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "terraform"
SWITCHES = {"ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"}


def plain(value: Any) -> Any:
    """The parser's values without its marks: strings without quotes, expressions without ${}."""
    if isinstance(value, dict):
        return {plain(key): plain(part) for key, part in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, str):
        bare = value.strip('"')
        return re.sub(r"^\$\{([^{}]*)\}$", r"\1", bare)
    return value


@pytest.fixture(scope="module")
def blocks() -> list[tuple[str, dict[str, Any]]]:
    """(kind, block) of all files, such as ("resource", {"aws_s3_bucket": {"files": {...}}})."""
    found = []
    for path in sorted(FOLDER.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            document = plain(hcl2.load(file))
        found += [(kind, block) for kind, rows in document.items() for block in rows]
    return found


@pytest.fixture(scope="module")
def named(blocks: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Blocks by address: aws_s3_bucket.files, data.aws_iam_policy_document.control, var.tag."""
    names: dict[str, Any] = {}
    for kind, block in blocks:
        for first, inner in block.items():
            if kind in ("resource", "data"):
                prefix = "data." if kind == "data" else ""
                names |= {f"{prefix}{first}.{name}": body for name, body in inner.items()}
            elif kind == "variable":
                names[f"var.{first}"] = inner
    return names


def statements(named: dict[str, Any], policy: str) -> list[dict[str, Any]]:
    document = named[f"data.aws_iam_policy_document.{policy}"]
    inherited = [
        statement
        for source in document.get("source_policy_documents", [])
        for statement in statements(named, source.split(".")[2])
    ]
    return inherited + document["statement"]


def conditions(statement: dict[str, Any]) -> dict[str, list[str]]:
    return {row["variable"]: row["values"] for row in statement.get("condition", [])}


def test_machines_are_switched_only_with_our_tag(named: dict[str, Any]) -> None:
    granting = [row for row in statements(named, "control") if SWITCHES & set(row["actions"])]
    assert {action for row in granting for action in row["actions"]} == SWITCHES
    for row in granting:
        assert conditions(row)[f"aws:ResourceTag/{TAG}"] == ["var.tag"]


def test_machines_are_launched_only_with_our_tag_from_our_template(named: dict[str, Any]) -> None:
    granting = [row for row in statements(named, "control") if "ec2:RunInstances" in row["actions"]]
    for row in granting:
        assert conditions(row)["ec2:LaunchTemplate"] == ["aws_launch_template.trainer.arn"]
        if any("instance/*" in resource for resource in row["resources"]):
            assert conditions(row)[f"aws:RequestTag/{TAG}"] == ["var.tag"]
    tagging = [row for row in statements(named, "control") if "ec2:CreateTags" in row["actions"]]
    assert [conditions(row)["ec2:CreateAction"] for row in tagging] == [["RunInstances"]]


def test_no_permission_is_wider_than_aws_makes_it(named: dict[str, Any]) -> None:
    for policy in ("control", "trainer", "events"):
        for row in statements(named, policy):
            assert not [action for action in row["actions"] if action.endswith("*")], row["sid"]
            looks_only = all(action.split(":")[1].startswith("Describe") for action in row["actions"])
            assert row["resources"] != ["*"] or looks_only or row.get("condition"), row["sid"]


def test_only_the_trainers_role_is_passed_and_to_ec2_alone(named: dict[str, Any]) -> None:
    (row,) = (row for row in statements(named, "control") if "iam:PassRole" in row["actions"])
    assert row["resources"] == ["aws_iam_role.trainer.arn"]
    assert conditions(row)["iam:PassedToService"] == ["ec2.amazonaws.com"]


def test_a_training_server_reads_its_files_and_its_parameter_and_no_more(named: dict[str, Any]) -> None:
    rows = statements(named, "trainer")
    services = {action.split(":")[0] for row in rows for action in row["actions"]}
    assert services == {"s3", "ssm", "kms"}
    for row in rows:
        if row["actions"][0].startswith("s3:"):
            assert all("aws_s3_bucket.files.arn" in resource for resource in row["resources"])
        if "kms:Decrypt" in row["actions"]:
            assert "kms:ViaService" in conditions(row)
            assert "kms:EncryptionContext:PARAMETER_ARN" in conditions(row)


def test_a_training_server_deletes_only_what_jobs_make(named: dict[str, Any]) -> None:
    rows = [row for row in statements(named, "trainer") if any(a.startswith("s3:") for a in row["actions"])]
    changing = [row for row in rows if {"s3:PutObject", "s3:DeleteObject"} & set(row["actions"])]
    assert changing
    for row in rows:
        resources = str(row["resources"])
        assert "files.arn}/*" not in resources
        if row in changing:
            assert "jobs" in resources
            assert "datasets" not in resources
            assert "uploads" not in resources


def test_the_site_reaches_only_the_folders_that_it_writes(named: dict[str, Any]) -> None:
    rows = [row for row in statements(named, "control") if any(a.endswith("Object") for a in row["actions"])]
    deleting = {
        resource for row in rows if "s3:DeleteObject" in row["actions"] for resource in row["resources"]
    }
    assert not [resource for resource in deleting if resource.endswith("files.arn}/*")]
    folders = {resource.split("/")[1] for resource in deleting}
    stored = {Dataset, BatchPrediction}
    fields = {model._meta.get_field("file").upload_to.split("/")[0] for model in stored}
    assert folders == fields | {"jobs", "batches", SharedPart.FOLDER, checkpoints.FOLDER, "check-*"}
    incoming = [row for row in rows if any("incoming" in resource for resource in row["resources"])]
    assert [row["actions"] for row in incoming] == [["s3:GetObject"]]


def test_the_bucket_outlives_a_mistake_and_machines_reach_only_what_they_need(named: dict[str, Any]) -> None:
    (lifecycle,) = named["aws_s3_bucket.files"]["lifecycle"]
    assert lifecycle["prevent_destroy"] is True
    (egress,) = named["aws_security_group.trainer"]["dynamic"]
    assert egress["egress"]["for_each"] == "var.egress_ports"
    assert set(named["var.egress_ports"]["default"]) == {80, 443, 5432, 6379}


def test_the_bucket_is_private_encrypted_and_asks_for_tls(named: dict[str, Any]) -> None:
    block = named["aws_s3_bucket_public_access_block.files"]
    assert all(
        block[name] is True
        for name in (
            "block_public_acls",
            "block_public_policy",
            "ignore_public_acls",
            "restrict_public_buckets",
        )
    )
    (rule,) = named["aws_s3_bucket_ownership_controls.files"]["rule"]
    assert rule["object_ownership"] == "BucketOwnerEnforced"
    assert "aws_s3_bucket_server_side_encryption_configuration.files" in named
    (row,) = statements(named, "tls_only")
    assert (row["effect"], conditions(row)) == ("Deny", {"aws:SecureTransport": ["false"]})


def test_the_buckets_rules_are_those_of_the_command(named: dict[str, Any], settings: Any) -> None:
    """One truth in two languages: who changes jobs.upkeep.storage_rules must change bucket.tf."""
    from flashsite.settings import _S3

    settings.STORAGES = {**settings.STORAGES, "default": _S3}
    bucket = named["aws_s3_bucket_lifecycle_configuration.files"]
    (each,) = (row["rule"]["for_each"] for row in bucket["dynamic"])
    days = dict(each)
    ours = {row["ID"]: row for row in lifecycle_rules()}
    expiring = {name: row["Expiration"]["Days"] for name, row in ours.items() if "Expiration" in row}
    assert {f"flash-{name}": int(value) for name, value in days.items() if name != "incoming"} == expiring
    assert {row["id"] for row in bucket["rule"]} == ours.keys() - expiring.keys()
    assert "jobs" not in days, "models live as long as the cleanup policy says"


def test_machines_are_closed_encrypted_and_gone_when_they_power_off(named: dict[str, Any]) -> None:
    assert "ingress" not in named["aws_security_group.trainer"]
    template = named["aws_launch_template.trainer"]
    assert template["instance_initiated_shutdown_behavior"] == "terminate"
    (metadata,) = template["metadata_options"]
    assert (metadata["http_tokens"], metadata["http_put_response_hop_limit"]) == ("required", 1)
    (disk,) = template["block_device_mappings"][0]["ebs"]
    assert (disk["encrypted"], disk["delete_on_termination"]) == (True, True)
    assert "../server/user-data.sh" in template["user_data"]


def test_a_silent_control_plane_and_a_runaway_bill_are_told(named: dict[str, Any]) -> None:
    alarm = named["aws_cloudwatch_metric_alarm.silent"]
    assert (alarm["metric_name"], alarm["treat_missing_data"]) == (METRIC, "breaching")
    assert alarm["alarm_actions"] == ["aws_sns_topic.alarms.arn"]
    pulse = next(row for row in statements(named, "control") if row["sid"] == "Pulse")
    assert conditions(pulse)["cloudwatch:namespace"] == [alarm["namespace"]]
    budget = named["aws_budgets_budget.monthly"]
    assert TAG in budget["cost_filter"][0]["values"][0]
    assert budget["time_unit"] == "MONTHLY"


def test_every_reference_leads_somewhere(named: dict[str, Any]) -> None:
    """What `terraform validate` would say first, without the provider that it needs."""
    text = "\n".join(path.read_text() for path in FOLDER.glob("*.tf"))
    bare = re.sub(r"(description|error_message|#).*", "", text)
    for name in set(re.findall(r"\bvar\.([a-z_]+)", bare)):
        assert f"var.{name}" in named
    for name in named:
        if name.startswith("var."):
            assert name in bare, f"{name} is declared and not used"
    for kind, name in set(re.findall(r"\b(aws_[a-z0-9_]+)\.([a-z_]+)\b", bare)):
        assert f"{kind}.{name}" in named or f"data.{kind}.{name}" in named, f"{kind}.{name}"
    declared = set(re.findall(r"^  ([a-z_0-9]+) += ", re.search(r"locals \{(.*?)\}\n", text, re.S)[1], re.M))  # type: ignore[index]
    assert set(re.findall(r"\blocal\.([a-z_0-9]+)", bare)) <= declared


def test_what_goes_into_a_shell_is_checked_first(named: dict[str, Any]) -> None:
    for name in ("repository", "ref", "env_parameter"):
        assert named[f"var.{name}"]["validation"], name
