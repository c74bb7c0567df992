"""`manage.py export_status`: the four documents of the first Flash, computed from the rows."""

import json
import os
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from jobs.models import Job, PlatformStatus
from jobs.web.first_flash import status_document, training_document
from modelstore.ground.commands import FlashCommand, add_json
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.web.first_flash import cleanup_document, inference_entry


class Command(FlashCommand):
    help = (
        "Prints status.json, cleanup.json, training.json and inference.json in the form the first Flash "
        "used, as one JSON object; with --folder, it writes them as files. Models are named by their numbers: "
        "the database has hashes of tokens alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, help="Where to write the four files.")
        add_json(parser)

    def handle(self, *args: Any, folder: Path | None, **options: Any) -> None:
        documents = _documents()
        if folder is None:
            self.stdout.write(
                json.dumps(documents, ensure_ascii=False, indent=None if options["json"] else 2)
            )
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, document in documents.items():
                _write(folder / name, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise CommandError(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
        written = [str(folder / name) for name in documents]
        self.print_json(written) if options["json"] else self.stdout.write("\n".join(written))


def _documents() -> dict[str, Any]:
    """training.json: the job in training, or the last one, as there was one only; inference.json: all by number."""
    jobs = Job.objects.select_related("dataset", "model").defer("dataset__findings", "dataset__thumbnails")
    running = jobs.running().order_by("started", "pk").first()
    latest = running or jobs.order_by("-pk").first()
    models = TrainedModel.objects.live(timezone.now()).order_by("pk").defer("report", "manifest")
    return {
        "status.json": status_document(PlatformStatus.current(), running),
        "cleanup.json": cleanup_document(CleanupPolicy.current()),
        "training.json": training_document(latest) if latest else {},
        "inference.json": {str(model.pk): inference_entry(model) for model in models.iterator(500)},
    }


def _write(path: Path, text: str) -> None:
    """Complete or not at all, and for nobody else to read."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(
            partial, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)
        ) as file:
            file.write(text)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
