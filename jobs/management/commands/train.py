"""`manage.py train FILE`: submits a job from the command line and follows it."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from jobs import datasets, submission
from jobs.errors import SubmissionInvalid
from jobs.intake import LocalFile
from jobs.models import Job
from jobs.states import JobStatus
from jobs.uploads import detect
from modelstore.errors import FlashError
from training.catalog import CATALOG
from training.config import Preset, Task

_HYPERPARAMETERS = (
    "preset",
    "model",
    "optimizer",
    "learning_rate",
    "batch_size",
    "epochs",
    "data_split",
    "seed",
    "early_stopping",
)
_BAR = 30


class Command(BaseCommand):
    help = (
        "Trains a classifier from FILE: a zip with one folder of pictures per class, or a table (CSV, TSV, JSONL, "
        "Parquet) with a text and a label column. Prints the token and, with --wait, the accuracy. "
        "Needs a running worker (`make up`)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", help="task name; default: the name of the file")
        parser.add_argument(
            "--task", choices=[task.value for task in Task], help="default: by the kind of file"
        )
        parser.add_argument("--preset", choices=[preset.value for preset in Preset])
        parser.add_argument("--model", choices=list(CATALOG))
        parser.add_argument("--optimizer", choices=["sgd", "adam", "adamw"])
        for name in ("learning-rate", "batch-size", "epochs", "data-split", "seed", "early-stopping"):
            parser.add_argument(f"--{name}")
        parser.add_argument("--from-scratch", action="store_true", help="do not start from ImageNet weights")
        parser.add_argument("--class-weights", action="store_true", help="let rare classes count as much")
        parser.add_argument("--input-column")
        parser.add_argument("--label-column")
        parser.add_argument("--not-downloadable", action="store_true")
        parser.add_argument(
            "--wait", action="store_true", help="follow the job to its end; exit 1 when it fails"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = self._submit(options)
        except SubmissionInvalid as error:
            lines = [f"  --{name.replace('_', '-')}: {' '.join(text)}" for name, text in error.fields.items()]
            raise CommandError("\n".join([error.detail, *lines])) from error
        except FlashError as error:
            raise CommandError(
                "\n  ".join([error.detail, *(str(note) for note in error.notes[:10])])
            ) from error
        if not options["json"]:
            self.stdout.write(f"token {job.token}")
        if options["wait"]:
            self._follow(job, quiet=options["json"])
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "token": job.token,
                        "status": job.status,
                        "accuracy": job.accuracy,
                        "error": job.error or None,
                    }
                )
            )
        if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            raise CommandError(job.error or "The job was cancelled.", returncode=1)

    def _submit(self, options: dict[str, Any]) -> Job:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is not a file.", returncode=2)
        values = {name: options[name] for name in _HYPERPARAMETERS if options[name] is not None}
        if options["from_scratch"]:
            values["pretrained"] = False
        if options["class_weights"]:
            values["class_weights"] = True
        task = Task(options["task"]) if options["task"] else _task_of(path)
        name = options["name"] or "".join(c if c.isalnum() or c in " -" else " " for c in path.stem).strip()
        submission.check_accepting()
        submission.validate(task=task, task_name=name, values=values)
        columns = {key: options[key] for key in ("input_column", "label_column") if options[key]}
        dataset = datasets.store_upload(task_type=task, upload=LocalFile(path), options=columns)
        return submission.submit(
            dataset=dataset, task_name=name, values=values, downloadable=not options["not_downloadable"]
        )

    def _follow(self, job: Job, *, quiet: bool) -> None:
        while True:
            job.refresh_from_db()
            if not quiet:
                self._draw(job)
            if job.is_ended:
                break
            # The worker writes in another process; no transaction may hide that from us.
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.5)
        if not quiet:
            self.stdout.write("")
            if job.accuracy is not None:
                self.stdout.write(f"accuracy {job.accuracy:.4f}")

    def _draw(self, job: Job) -> None:
        done = round(job.progress * _BAR)
        eta = f"{job.eta_seconds:.0f} s left" if job.eta_seconds is not None else ""
        position = job.queue_position()
        state = f"place {position} in the queue" if position else f"{job.status} {job.phase}"
        line = f"\r[{'#' * done}{'.' * (_BAR - done)}] {job.progress:4.0%} {state} {eta}"
        self.stdout.write(f"{line:<78}", ending="")
        self.stdout.flush()


def _task_of(path: Path) -> Task:
    return Task.IMAGE if detect(path, path.name) == "zip" else Task.TEXT
