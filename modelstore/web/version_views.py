"""The pages of a model's versions: which one answers, what changed between two, what a new one must not lose."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from modelstore.access import get_model
from modelstore.bundles import versions
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import limited
from modelstore.lifetime import takeover_rules
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.prediction.inputs import by_name
from modelstore.web import examples
from modelstore.web.contract import page_of
from training.kinds import kind_of

_SHOWN_FLIPS = 60


class _ShareForm(forms.Form):
    percent = forms.IntegerField(min_value=0, max_value=100, required=False)


@require_safe
def model_versions(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, get_model(token))


@require_safe
def model_version(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """One version beside the one that it was trained to replace: every answer that differs, with pictures."""
    model = get_model(token)
    version = versions.version_of(model, number)
    rows = version.flips.get("rows", [])[:_SHOWN_FLIPS]
    pictures = examples.pictures_of(version.bundle, [row["source"] for row in rows])
    told = {
        "model": model,
        "version": version,
        "rows": [row | {"picture": pictures.get(row["source"], "")} for row in rows],
        "kind": kind_of(model.task_type),
    }
    return render(request, "modelstore/version.html", told)


@require_POST
def model_promote(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Lets another version answer."""

    def change(model: TrainedModel) -> str:
        takeover_rules.check_changeable(model)
        versions.promote(model=model, number=number)
        return f"Version {number} answers from now on. The one that did is kept."

    return _changed(request, token, change)


@require_POST
def model_rules(request: HttpRequest, token: str) -> HttpResponse:
    """How much of a class a new version may lose; empty: any of it."""

    def change(model: TrainedModel) -> str:
        form = _ShareForm(request.POST)
        if not form.is_valid():
            raise takeover_rules.RuleInvalid("Write a number from 0 to 100, or nothing.")
        percent = form.cleaned_data["percent"]
        takeover_rules.set_most_class_loss(model=model, share=None if percent is None else percent / 100)
        if percent is None:
            return "A new version may lose any share of a class."
        return f"A new version may lose {percent} % of a class at most."

    return _changed(request, token, change)


@require_POST
@limited("predict")
def model_must_pass(request: HttpRequest, token: str) -> HttpResponse:
    """Adds what was chosen as examples that must pass, all with one label."""

    def change(model: TrainedModel) -> str:
        form = page_of(model.task_type).Form(request.POST, request.FILES)
        if not form.is_valid():
            problems = [str(problem) for some in form.errors.values() for problem in some]
            raise takeover_rules.RuleInvalid(" ".join(problems))
        values, names = form.inputs()
        label = request.POST.get("label", "")
        added = takeover_rules.add_examples(model=model, values=values, label=label, names=names)
        fail = [one for one in added if not one.passes]
        words = "1 example" if len(added) == 1 else f"{len(added)} examples"
        if not fail:
            return f"{words} added. The version that answers now passes."
        return (
            f"{words} added. The version that answers now does not pass: it says “{fail[0].answer}” "
            f"where “{fail[0].example.label}” is wanted."
        )

    return _changed(request, token, change)


@require_POST
def model_must_pass_remove(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    def change(model: TrainedModel) -> str:
        takeover_rules.remove_example(model=model, pk=pk)
        return "The example is removed."

    return _changed(request, token, change)


def _changed(request: HttpRequest, token: str, change: Callable[[TrainedModel], str]) -> HttpResponse:
    model = get_model(token)
    try:
        words = change(model)
    except FlashError as error:
        return _page(request, model, refusal=error, words=by_name(error))
    messages.success(request, words)
    return redirect("model-versions", token=token)


def _page(
    request: HttpRequest, model: TrainedModel, refusal: FlashError | None = None, words: str = ""
) -> HttpResponse:
    share = model.most_class_loss
    told: dict[str, Any] = {
        "model": model,
        "versions": versions.versions_of(model),
        "most_kept": versions.MOST_KEPT,
        "must_pass": model.must_pass.order_by("pk"),
        "most_examples": takeover_rules.MOST_EXAMPLES,
        "percent": None if share is None else round(100 * share),
        "form": page_of(model.task_type).Form(request.POST or None, request.FILES or None),
        "label": request.POST.get("label", ""),
        "kind": kind_of(model.task_type),
        "expires": model.expires(CleanupPolicy.current()),
        "refusal": refusal,
        "refusal_words": words,
    }
    return render(request, "modelstore/versions.html", told, status=refusal.status if refusal else 200)
