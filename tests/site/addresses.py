"""Every address that answers GET, found by walking the URLs and the admin, so that a new page is not forgotten."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from training.kinds import KINDS

_OF_MODELS = ("batch", "evaluation")
# Only POST, or nothing to look at.
_LEFT_OUT = {"recent-forget", "sample", "api:job-cancel", "api:model-predict", "api:model-extend"}


def addresses(tokens: Mapping[str, str]) -> dict[str, str]:
    """Name and path of each; `tokens` has one of each kind: job, model, dataset, batch, evaluation, upload, versions.

    The first word of a name tells the kind; batches and evaluations lie under the token of their model. What needs a
    token of a kind that is not given is left out.
    """
    found: dict[str, str] = {}
    for name, parameters in _names(get_resolver()):
        if name == "new-kind":
            found |= {f"new-{kind.slug}": address_of(f"new-{kind.slug}") for kind in KINDS.values()}
            continue
        if name == "model-page":
            if "model" in tokens:
                found["model-camera"] = address_of("model-camera", tokens["model"])
            continue
        if (
            name in _LEFT_OUT
            or name.startswith(("admin:", "sample"))
            or set(parameters) - {"token", *_OF_MODELS}
        ):
            continue
        kind = name.removeprefix("api:").split("-")[0]
        of_model = kind in _OF_MODELS or kind in ("batches", "evaluations")
        given = {"token": tokens.get("model" if of_model else kind)}
        given |= {name: tokens.get(name) for name in _OF_MODELS}
        values = {parameter: given[parameter] for parameter in parameters}
        if None in values.values():
            continue
        try:
            found[name] = reverse(name, kwargs=values)
        except NoReverseMatch:
            continue
    if "model" in tokens:
        # One cell of the confusion; without it, the findings are shown.
        found["model-examples cell"] = f"{found['model-examples']}?truth=0&predicted=0"
    if "versions" in tokens:
        found["version"] = reverse("version", args=[tokens["versions"], "head"])
        found["api:version-samples"] = reverse("api:version-samples", args=[tokens["versions"], "head"])
    return found


def address_of(name: str, *args: str) -> str:
    """The path of a page; "new-image" and "model-camera" are pages of one kind of task."""
    if name in {f"new-{kind.slug}" for kind in KINDS.values()}:
        return reverse("new-kind", args=[name.removeprefix("new-")])
    if name == "model-camera":
        return reverse("model-page", args=[*args, "camera"])
    return reverse(name, args=args)


def admin_addresses() -> dict[str, str]:
    """Every page of the admin: lists, one of them searched and filtered, and the forms of each kind's first row."""
    found = {
        "admin:index": reverse("admin:index"),
        "admin:password_change": reverse("admin:password_change"),
    }
    operator = HttpRequest()
    operator.user = User(is_staff=True, is_superuser=True)
    for model, pages in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found[name] = reverse(f"{name}_changelist")
        if pages.has_add_permission(operator):
            found[f"{name} add"] = reverse(f"{name}_add")
        row = model._default_manager.order_by("pk").first()
        if row is None:
            continue
        for page in ("change", "history", "delete"):
            if page != "delete" or pages.has_delete_permission(operator, row):
                found[f"{name} {page}"] = reverse(f"{name}_{page}", args=[row.pk])
    jobs = found["admin:jobs_job"]
    return found | {
        "admin:jobs_job searched": f"{jobs}?q=night",
        "admin:jobs_job filtered": f"{jobs}?status__exact=failed",
    }


def _names(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _names(entry, f"{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{namespace}{entry.name}", tuple(_parameters(entry))


def _parameters(entry: URLPattern) -> Any:
    return getattr(entry.pattern, "converters", {})
