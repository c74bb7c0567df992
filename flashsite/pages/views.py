"""Pages that belong to no app: home, help, finding a token, what is recent, the samples."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.files import File
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from flashsite.samples import FOLDER, sample_data
from jobs import access
from jobs.datasets import dataset_store
from jobs.errors import JobUnknown
from jobs.models import Job
from jobs.submitting import submission
from jobs.web.pages import recent as recently
from modelstore.access import ModelUnknown, get_model
from modelstore.bundles import demo_model
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from modelstore.models import CleanupPolicy
from modelstore.web.demo import to_try


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    demo = _demo()
    trial = to_try(demo) if demo else {}
    return render(request, "home.html", {"demo": demo, "recent": _recent(request), **trial})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    context = {
        "section": "about",
        "limits": settings.FLASH_LIMITS,
        "policy": CleanupPolicy.current(),
        "dataset_seconds": settings.FLASH_DATASET_RETENTION.total_seconds(),
        "can_mail": bool(settings.EMAIL_HOST),
        "api_root": request.build_absolute_uri(reverse("api:root")),
    }
    return render(request, "about.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Opens the page of a token: the model when there is one, else the job."""
    if request.method != "POST":
        return render(request, "find.html", {"section": "find"})
    token = _token_of(request.POST.get("token", ""))
    try:
        return redirect(_page_of(token))
    except FlashError as error:
        context = {"section": "find", "token": token, "error": error}
        return render(request, "find.html", context, status=error.status)


@require_safe
def recent(request: HttpRequest) -> HttpResponse:
    context = {"section": "recent", "recent": _recent(request), "most": recently.MOST}
    return render(request, "recent.html", context)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    response = redirect("recent")
    recently.forget(response)
    return response


@require_POST
@limited("submit")
def sample(request: HttpRequest, name: str) -> HttpResponse:
    """Takes one of the project's own data sets as if it had been uploaded."""
    if (found := sample_data(name)) is None:
        raise Http404
    submission.check_accepting()
    kind, data = found
    with (FOLDER / data.file).open("rb") as handle:
        dataset = dataset_store.store_upload(task_type=kind.task, upload=File(handle, name=data.file))
    return redirect("dataset", token=dataset.token)


def _token_of(text: str) -> str:
    """A token as people paste it: with spaces around it, or as the address of its page."""
    words = text.strip().split("?")[0].split("#")[0].rstrip("/").split("/")
    after = [following for word, following in pairwise(words) if word in ("jobs", "models")]
    return (after or words[-1:])[-1][:200]


def _page_of(token: str) -> str:
    try:
        job = access.get_job(token)
    except JobUnknown:
        return reverse("model", args=[_model_token(token)])
    if not job.leads_to_its_model:
        return reverse("job", args=[job.token])
    return reverse("model", args=[get_model(token).token])


def _model_token(token: str) -> str:
    try:
        return get_model(token).token
    except ModelUnknown as error:
        raise JobUnknown(
            "There is no job or model with this token. Check that you copied all of it."
        ) from error


def _demo() -> Any:
    try:
        return get_model(demo_model.TOKEN)
    except FlashError:
        return None


def _recent(request: HttpRequest) -> list[dict[str, Any]]:
    jobs = recently.jobs_in(request)
    if not jobs:
        return []
    policy, now = CleanupPolicy.current(), timezone.now()
    return [_recent_entry(job, policy, now) for job in jobs]


def _recent_entry(job: Job, policy: CleanupPolicy, now: Any) -> dict[str, Any]:
    deployed = job.leads_to_its_model
    expired = deployed and (job.model is None or job.model.is_expired(policy, now))
    # Another training may have taken over since.
    told = job.model if deployed and job.model and not expired else job
    return {
        "job": job,
        "name": told.task_name,
        "score": told.score,
        "expired": expired,
        "url": reverse("model" if deployed else "job", args=[job.token]),
    }
