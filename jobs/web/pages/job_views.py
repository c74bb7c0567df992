"""Pages of a job, from the queue to its end."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs import access
from jobs.errors import NotPossibleNow
from jobs.models import Job, Trial
from jobs.money import actual_costs
from jobs.money.quotes import Quoter, left_of
from jobs.queue import cancellation, wait_reason
from jobs.states import RUNNING, JobStatus
from jobs.submitting import submission
from jobs.web import training_log
from modelstore.access import get_model
from training.kinds import kind_of
from training.score import Score, best_epoch

_LINES_SHOWN = 200


@require_safe
def job(request: HttpRequest, token: str) -> HttpResponse:
    """A job from the queue to its end; what it left is told even after its model has expired."""
    found = access.get_job(token)
    if found.leads_to_its_model:
        get_model(token)  # 410 in words once the model's time is up
    return render(request, "jobs/job.html", _job_context(found))


@require_safe
def job_live(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the job's page that changes; 204 while it has not, a redirect once the model is there."""
    found = access.get_job(token)
    if found.leads_to_its_model:
        return HttpResponse(headers={"HX-Redirect": reverse("model", args=[token])})
    context = _job_context(found)
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "jobs/live.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def job_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Asks what to do: keep the best model so far, throw everything away, or go on."""
    found = access.get_job(token)
    if request.method != "POST":
        return render(request, "jobs/cancel.html", _cancel_context(found))
    if "keep" in request.POST:
        if not cancellation.stop_and_keep(job=found):
            raise NotPossibleNow("There is nothing to keep: no model was ready yet, or the job has ended.")
    elif not cancellation.cancel(job=found):
        raise NotPossibleNow("This job has ended already, so there is nothing to cancel.")
    return redirect("job", token=token)


def _cancel_context(job: Job) -> dict[str, Any]:
    best = _best_score(job, best_epoch(job.epochs.figures(job.score_name), job.score_name))
    if job.model and job.model.score.is_better(best):
        best = job.model.score
    return {"job": job, "can_keep": cancellation.can_keep(job=job), "best": best}


@require_safe
def job_log(request: HttpRequest, token: str) -> HttpResponse:
    """The whole log as plain text, for a mail to whoever can help."""
    return training_log.respond(access.get_job(token))


@require_POST
def job_retry(request: HttpRequest, token: str) -> HttpResponse:
    found = access.get_job(token)
    submission.check_accepting()
    cancellation.retry(job=found)
    return redirect("job", token=token)


def _job_context(job: Job) -> dict[str, Any]:
    epochs = job.epochs.figures(job.score_name)
    trials = list(job.trials.all())
    lines = list(job.events.order_by("-pk")[:_LINES_SHOWN])[::-1]
    kind = kind_of(job.task_type)
    position, best, reason = job.queue_position(), best_epoch(epochs, job.score_name), wait_reason.reason(job)
    kept = _kept_epoch(job, epochs)
    waiting = Quoter().of_waiting(job) if job.status == JobStatus.QUEUED else None
    # `seen` in a poll: the same version means that nothing has changed.
    state = (
        job.status, job.phase, job.progress, job.eta_seconds, position, job.cancel_requested, job.attempt,
        job.keep_best, job.model_id, job.model and job.model.score.value,
        len(epochs), [trial.state for trial in trials], lines[-1].pk if lines else 0, reason,
    )  # fmt: skip
    return {
        "job": job,
        "epochs": epochs,
        "trials": trials,
        "leading": _leading(trials),
        "last_epoch": epochs[-1] if epochs else None,
        "planned_epochs": epochs[-1]["planned"] if epochs else None,
        "best_epoch": kept if kept is not None else best["epoch"] if best else None,
        "best_word": "kept" if kept is not None else "best so far" if job.is_active else "best",
        "best_score": _best_score(job, best),
        "curve_words": kind.curve_words(job.config),
        # Before the end: the model for the time being.
        "early": job.model if job.status != JobStatus.DEPLOYED else None,
        "lines": lines,
        "warnings": [line for line in lines if line.kind == "warning"],
        "position": position,
        "begins": waiting[0] if waiting else None,
        "ends": waiting[1] if waiting else None,
        "left": left_of(job) if job.status in RUNNING else None,
        "comparison": job.told_comparison,
        "versions_token": job.versions_token,
        "receipt": actual_costs.receipt_of(job) if job.fence and job.is_ended else None,
        "currency": settings.FLASH_CURRENCY,
        "waiting_reason": reason,
        "version": hashlib.sha256(repr(state).encode()).hexdigest()[:12],
        "kind": kind,
        "new_url": reverse("new-kind", args=[kind.slug]),
    }


def _leading(trials: Sequence[Trial]) -> Trial | None:
    """The best so far: of equal ones the one that was tried first."""
    best: Trial | None = None
    for trial in trials:
        if trial.score is not None and (best is None or trial.score.is_better(best.score)):
            best = trial
    return best


def _kept_epoch(job: Job, epochs: Sequence[Mapping[str, Any]]) -> int | None:
    """The epoch whose weights the model has, by its report; None unless that is about these epochs.

    It need not be the one with the best score (decision 013), so figures alone do not tell.
    """
    model = job.continues if job.comparison else job.model
    if model is None or job.status != JobStatus.DEPLOYED:
        return None
    kept: int | None = model.report.get("best_epoch")
    losses = [
        {row["val_loss"] for row in rows if row["epoch"] == kept}
        for rows in (model.report.get("epochs", []), epochs)
    ]
    # The report may be of an early model that stayed, or of another training that took over later.
    return kept if losses[0] and losses[0] == losses[1] else None


def _best_score(job: Job, epoch: Mapping[str, Any] | None) -> Score | None:
    return Score(name=job.score_name, value=epoch[f"val_{job.score_name}"]) if epoch else None
