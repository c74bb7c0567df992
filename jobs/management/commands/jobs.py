"""`manage.py jobs`: lists jobs, or tells all of one."""

from argparse import ArgumentParser
from typing import Any

from django.forms.models import model_to_dict

from jobs import access
from jobs.models import Job
from jobs.queue import cancellation
from jobs.states import ACTIVE, JobStatus
from jobs.web.first_flash import training_document
from modelstore.ground.commands import FlashCommand, add_json, columns

_SHOWN = ("status", "phase", "progress", "eta_seconds", "accuracy", "error", "attempt")


class Command(FlashCommand):
    help = (
        "Lists jobs, newest first. "
        "With an ID from the list or a TOKEN: that job with its epochs and its log; --cancel and --retry act on it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", metavar="ID|TOKEN")
        parser.add_argument(
            "--status", choices=["active", *JobStatus.values], help="List only jobs in this state."
        )
        parser.add_argument("--limit", type=int, default=20, help="List at most this many (20).")
        parser.add_argument("--cancel", action="store_true", help="Cancel that job.")
        parser.add_argument("--retry", action="store_true", help="Queue that failed or cancelled job again.")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["job"] is None:
            self._list(options)
            return
        job = access.named_job(options["job"])
        if options["cancel"]:
            cancellation.cancel(job=job)
        if options["retry"]:
            cancellation.retry(job=job)
        self._tell(access.named_job(options["job"]), as_json=options["json"])

    def _list(self, options: dict[str, Any]) -> None:
        jobs = Job.objects.order_by("-pk")
        if status := options["status"]:
            jobs = jobs.filter(status__in=ACTIVE if status == "active" else [status])
        found = list(jobs[: max(1, options["limit"])])
        if options["json"]:
            self.print_json([_document(job) for job in found])
            return
        rows: list[tuple[Any, ...]] = [
            (
                job.pk,
                job.status,
                f"{job.progress:4.0%}",
                "-" if job.score is None else job.score.shown,
                f"{job.created:%Y-%m-%d %H:%M}",
                job.task_name,
            )
            for job in found
        ]
        head = ("ID", "STATUS", "DONE", "SCORE", "CREATED", "TASK")
        for line in columns([head, *rows]) if rows else ["There are no such jobs."]:
            self.stdout.write(line)

    def _tell(self, job: Job, *, as_json: bool) -> None:
        if as_json:
            epochs = [model_to_dict(epoch, exclude=["id", "job"]) for epoch in job.epochs.all()]
            events = list(job.events.values("kind", "message", "created"))
            self.print_json(
                _document(job) | {"training": training_document(job), "epochs": epochs, "events": events}
            )
            return
        for name in ("id", "task_name", "task_type", "model_name", *_SHOWN):
            self.stdout.write(f"{name:<12} {getattr(job, name)}")
        for event in job.events.all():
            self.stdout.write(f"{event.created:%H:%M:%S} {event.kind:<8} {event.message}")


def _document(job: Job) -> dict[str, Any]:
    names = ("id", "task_type", "task_name", "model_name", *_SHOWN)
    times = {
        name: getattr(job, name) and getattr(job, name).isoformat()
        for name in ("created", "started", "finished")
    }
    told = {"token": job.known_token} if job.known_token else {}
    return {name: getattr(job, name) for name in names} | times | told
