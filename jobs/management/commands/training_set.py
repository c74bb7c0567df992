"""Writes the training set of a job, a model or a version once more, byte for byte."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs import access
from jobs.datasets.versions import learning, manifests, training_sets
from jobs.errors import JobUnknown, VersionUnknown
from jobs.models import DatasetVersion
from modelstore.access import get_model
from modelstore.ground.commands import FlashCommand


class Command(FlashCommand):
    help = "Writes what a job or model learnt from, or a version of a dataset: the folder that its training read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token", help="Of a job, of a model, or of the versions of a dataset.")
        parser.add_argument(
            "--number", default="", metavar="VERSION", help="Of versions: which; else the newest."
        )
        parser.add_argument("-o", "--output", type=Path, default=Path("training-set"), help="A new folder.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, token: str, number: str, output: Path, **options: Any) -> None:
        if output.exists():
            raise CommandError(f"{output} is there already. Name a new folder with --output.")
        version = _version(token, number)
        output.mkdir(parents=True)
        training_sets.materialise(version=version, run_dir=output)
        digest = _digest(output / "data")
        if options["json"]:
            told = {"version": version.number, "folder": str(output / "data"), "sha256": digest}
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(
                f"Version {version.number} is in {output / 'data'}.\nSHA-256 of all of it: {digest}"
            )


def _version(token: str, number: str) -> DatasetVersion:
    try:
        return manifests.get_version(access.get_versions(token), number)
    except VersionUnknown:
        if number:
            raise
    try:
        version = access.get_job(token).version
    except JobUnknown:
        found = learning.learnt_from(get_model(token))
        version = found[0] if found else None
    if version is None:
        raise VersionUnknown("No versions were kept of the data of this job: submit it with keep_dataset.")
    return version


def _digest(folder: Path) -> str:
    """Of all files below it, with their names."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
