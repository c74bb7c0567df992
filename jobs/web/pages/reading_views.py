"""Reading an upload again: with other options, with what was open answered, with a guess taken back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from jobs import access
from jobs.datasets import dataset_store
from jobs.models import Dataset
from jobs.web.pages import dataset_page
from jobs.web.pages.forms import TrainForm
from jobs.web.pages.reading_form import ReadingForm, changed, told_in
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited


@require_POST
@limited("submit")
def dataset_columns(request: HttpRequest, token: str) -> HttpResponse:
    """Reads the stored file as the form says."""
    found = access.get_dataset(token)
    form = ReadingForm(request.POST, dataset=found)
    if not form.is_valid():
        return _refuse(request, found, form, 422)
    return _read_again(request, found, form.chosen(), form)


@require_POST
@limited("submit")
def dataset_options(request: HttpRequest, token: str) -> HttpResponse:
    """Answers what is open, takes a guess back, renames classes; or takes what was guessed."""
    found = access.get_dataset(token)
    if "accept_guesses" in request.POST:
        found.accept_guesses()
        return redirect("dataset", token=token)
    options = changed(found.options, told_in(request.POST, found))
    return _read_again(request, found, options, ReadingForm(dataset=found))


def _read_again(
    request: HttpRequest, found: Dataset, options: dict[str, Any], form: ReadingForm
) -> HttpResponse:
    before = (bool(found.questions), bool(found.refusal))
    try:
        dataset_store.reinspect(dataset=found, options=options)
    except FlashError as error:
        if not form.is_bound:
            form = ReadingForm(form.initial, dataset=found)
            form.full_clean()
        form.add_error(None, error.detail)
        return _refuse(request, found, form, error.status)
    response: HttpResponse = redirect(_next(request, found))
    if request.headers.get("HX-Request") and before != (bool(found.questions), bool(found.refusal)):
        # The form that trains comes or goes, and it is not part of what a preview replaces.
        response = HttpResponse(headers={"HX-Refresh": "true"})
    return response


def _next(request: HttpRequest, found: Dataset) -> str:
    """The page that shows what became of it: the list of samples where one of these was changed there."""
    label, page = request.POST.get("at_label", ""), request.POST.get("at_page", "")
    if not label:
        return reverse("dataset", args=[found.token])
    return f"{reverse('dataset-samples', args=[found.token])}?{urlencode({'label': label, 'page': page})}"


def _refuse(request: HttpRequest, found: Dataset, form: ReadingForm, status: int) -> HttpResponse:
    blank = TrainForm.blank(found)
    return dataset_page.render_page(request, found, blank, reading=form, status=status)
