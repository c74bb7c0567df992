"""`manage.py train FILE`: submits a job from the command line and follows it."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from jobs.datasets import dataset_store
from jobs.datasets.intake import LocalFile
from jobs.management.answers import answered
from jobs.models import Dataset, Job, Lane
from jobs.states import JobStatus
from jobs.submitting import reading_option_fields, submission
from jobs.submitting.hyperparameter_fields import add_option
from jobs.submitting.job_options import read_job_options
from jobs.uploads import UploadRefused, detect
from modelstore.ground import naming
from modelstore.ground.commands import FAILED, NOT_THERE, FlashCommand, add_json
from training.ground import hyperparameters
from training.kinds import KINDS, kinds_taking

_BAR = 30
# After so long in the queue without company it is worth saying that nobody may be at work.
_IDLE_SECONDS = 15.0


class Command(FlashCommand):
    help = (
        "Trains a classifier from FILE: a zip with one folder of pictures per class, or a table (CSV, TSV, JSON "
        "Lines, Parquet) with a text and a label column. Prints the token, follows the job with a progress bar, "
        "and prints its score; with --no-wait, it prints only the token. What is open about the data is asked where "
        "there is a terminal. A worker does the training (`make up`). "
        "Ctrl-C stops following the job, not the job itself."
    )
    token = ""
    _state = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the data to learn from")
        parser.add_argument("--name", help=f"task name. {naming.RULE}")
        parser.add_argument("--task", choices=list(KINDS), help="what to train; by default, the file decides")
        for spec in hyperparameters.HYPERPARAMETERS:
            add_option(parser, spec)
        reading_option_fields.add_options(parser)
        parser.add_argument(
            "--accept-guesses", action="store_true", help="train although something about the data is open"
        )
        parser.add_argument("--not-downloadable", action="store_true", help="nobody can download the model")
        parser.add_argument("--keep-dataset", action="store_true", help="keep the data, to train on it again")
        parser.add_argument(
            "--lane",
            choices=Lane.values,
            help="now: as soon as possible (default); next_start: when a machine is started for another job",
        )
        parser.add_argument(
            "--max-minutes", help="stop training after this many minutes and keep the best model so far"
        )
        parser.add_argument(
            "--max-money", help="the same by what the machine costs at most, in the site's currency"
        )
        waits = parser.add_mutually_exclusive_group()
        waits.add_argument(
            "--wait", action="store_true", default=True, help="follow the job to its end (default)"
        )
        waits.add_argument(
            "--no-wait", action="store_false", dest="wait", help="print the token and leave the job to itself"
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        job = self._submit(options)
        self.token = job.token
        if not options["json"]:
            self.stdout.write(f"token {job.token}")
        if options["wait"]:
            self._follow(job, quiet=options["json"])
        if options["json"]:
            names = ("token", "task_type", "task_name", "status", "accuracy")
            self.print_json({name: getattr(job, name) for name in names} | {"error": job.error or None})
        if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            raise CommandError(job.error or "The job was cancelled.", returncode=FAILED)

    def interrupted_words(self) -> str:
        if not self.token:
            return "Interrupted; nothing was submitted."
        return f"\nThe job goes on. Look after it with: manage.py jobs {self.token}"

    def _submit(self, options: dict[str, Any]) -> Job:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is not a file.", returncode=NOT_THERE)
        names = [spec.name for spec in hyperparameters.HYPERPARAMETERS]
        values = {name: options[name] for name in names if options[name] is not None}
        task = options["task"] or _task_of(path)
        name = options["name"] or ""
        job_options = read_job_options({name: options[name] for name in ("lane", "max_minutes", "max_money")})
        submission.check_accepting()
        submission.validate(task=task, task_name=name, values=values)
        reading = reading_option_fields.chosen(options)
        fresh = dataset_store.store_upload(task_type=task, upload=LocalFile(path), options=reading)
        if fresh.questions and not options["accept_guesses"]:
            fresh = self._answered(fresh, may_ask=not options["json"])
        fresh.accept_guesses()
        with dataset_store.discarded_unless_used(fresh) as dataset:
            return submission.submit(
                dataset=dataset,
                task_name=name,
                values=values,
                downloadable=not options["not_downloadable"],
                keep_dataset=options["keep_dataset"],
                job_options=job_options,
            )

    def _answered(self, fresh: Dataset, *, may_ask: bool) -> Dataset:
        """The dataset with what is open answered at the terminal; CommandError where there is none, or no answer."""
        unanswered = CommandError(_questions(fresh))
        try:
            if not (may_ask and sys.stdin.isatty() and self.stdout.isatty()):
                raise unanswered
            return answered(fresh, self.stdout.write, input)
        except EOFError:
            dataset_store.discard(fresh)
            raise unanswered from None
        except BaseException:
            dataset_store.discard(fresh)
            raise

    def _follow(self, job: Job, *, quiet: bool) -> None:
        started, told = time.monotonic(), False
        while True:
            job.refresh_from_db()
            if not quiet:
                self._draw(job)
            if job.is_ended:
                break
            if not told and job.status == JobStatus.QUEUED and time.monotonic() - started > _IDLE_SECONDS:
                told = True
                self.stderr.write(f"\n{_why_it_waits(job)}")
            # The worker writes in another process; no transaction may hide that from us.
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.5)
        if not quiet:
            self.stdout.write("")
            if job.score is not None:
                self.stdout.write(f"{job.score.kind.word} {job.score.value:.4f}")

    def _draw(self, job: Job) -> None:
        """A bar that redraws itself; where nobody looks (a log, a pipe), a line when something has changed."""
        done = round(job.progress * _BAR)
        eta = f"{job.eta_seconds:.0f} s left" if job.eta_seconds is not None else ""
        position = job.queue_position()
        state = f"place {position} in the queue" if position else f"{job.status} {job.phase}"
        line = f"[{'#' * done}{'.' * (_BAR - done)}] {job.progress:4.0%} {state} {eta}"
        if self._redraws():
            self.stdout.write(f"\r{line:<78}", ending="")
        elif state != self._state:
            self.stdout.write(line.rstrip())
        self._state = state
        self.stdout.flush()

    def _redraws(self) -> bool:
        return bool(self.stdout.isatty()) and sys.platform != "win32"


def _questions(dataset: Dataset) -> str:
    asked = [reading_option_fields.question_words(question) for question in dataset.questions]
    return "\n".join([*asked, "Or take what was guessed with --accept-guesses. Nothing was submitted."])


def _why_it_waits(job: Job) -> str:
    if Job.objects.running().exists():
        return f"Still waiting: another job trains, and this one is number {job.queue_position() or 1} in the queue."
    return "Still waiting. Is a worker running (`make up`)?"


def _task_of(path: Path) -> str:
    """By what is in the file, then by its name; CommandError where no kind takes such."""
    try:
        zipped = detect(path, path.name, None) == "zip"
    except UploadRefused:
        if not kinds_taking(path.suffix):
            raise
        zipped = False
    for suffix in (".zip",) if zipped else (path.suffix, ".csv"):
        if kinds := kinds_taking(suffix):
            return kinds[0].task
    raise CommandError(f"The file does not tell what to train: choose with --task ({', '.join(KINDS)}).")
