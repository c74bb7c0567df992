"""Pages of batches: the upload, the running prediction, the results."""

import itertools
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.batches import lifecycle, submission
from jobs.batches.access import get_batch
from jobs.batches.options import BatchOptions
from jobs.models import BatchPrediction
from jobs.web.batches.page_parts import form_page, live_part, results_file, row_context, taken
from jobs.web.batches.requests import chosen_file
from modelstore.access import get_model
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from training.kinds import kind_of

_LABELS_SHOWN = 30


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited("submit")
def new(request: HttpRequest, token: str) -> HttpResponse:
    """The form, and what was sent with it."""
    model = get_model(token)

    def form(error: FlashError | None) -> HttpResponse:
        template = f"{kind_of(model.task_type).templates}/batch_new.html"
        return form_page(request, template, model, error, given=request.POST if error else {})

    def submit(sent: HttpRequest) -> BatchPrediction:
        upload = chosen_file(sent)
        # A field of the form that was emptied is one that was not filled in.
        filled = {name: value for name, value in sent.POST.items() if value}
        return submission.submit(model=model, upload=upload, options=BatchOptions.from_fields(filled))

    return taken(request, "batch", submit, form)


@require_safe
def batch(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    """A batch from the queue to its results."""
    return render(request, "batches/batch.html", _context(get_batch(token, batch)))


@require_safe
def live(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    return live_part(request, "batches/live.html", _context(get_batch(token, batch)))


@require_POST
def cancel(request: HttpRequest, token: str, batch: str) -> HttpResponse:
    lifecycle.cancel(batch=get_batch(token, batch))
    return redirect("batch", token=token, batch=batch)


@require_safe
def results(request: HttpRequest, token: str, batch: str) -> HttpResponseBase:
    return results_file(request, get_batch(token, batch))


def _context(batch: BatchPrediction) -> dict[str, Any]:
    counts = sorted(batch.counts.items(), key=lambda pair: -pair[1])
    small = batch.summary.get("thumbnails", [])
    return {
        **row_context(batch, "batch"),
        "results": [
            {**result, "thumbnail": picture}
            for result, picture in itertools.zip_longest(batch.first, small[: len(batch.first)])
        ],
        "good": batch.done - batch.bad,
        "counts": counts[:_LABELS_SHOWN],
        "more_labels": max(0, len(counts) - _LABELS_SHOWN),
        "most": max(batch.counts.values(), default=1),
    }
