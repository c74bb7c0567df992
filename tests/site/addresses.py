"""Every address that answers GET, found by walking the URLs, so that a new page is not forgotten."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

# Only POST, or nothing to look at.
_LEFT_OUT = {"recent-forget", "sample", "api:job-cancel", "api:model-predict", "api:model-extend"}
_ADMIN_LISTS = (
    "jobs_job", "jobs_dataset", "jobs_server", "jobs_launch", "jobs_alert", "jobs_uptime", "modelstore_trainedmodel",
    "modelstore_tombstone", "modelstore_apikey",
)  # fmt: skip


def addresses(tokens: Mapping[str, str]) -> dict[str, str]:
    """Name and path of each; `tokens` has one of each kind: job, model, dataset, batch, upload.

    The first word of a name tells the kind. What needs a token of a kind that is not given is left out.
    """
    found: dict[str, str] = {}
    for name, parameters in _names(get_resolver()):
        if name in _LEFT_OUT or name.startswith(("admin:", "sample")):
            continue
        kind = name.removeprefix("api:").split("-")[0]
        if set(parameters) - {"token"} or (parameters and kind not in tokens):
            continue
        try:
            found[name] = reverse(name, args=[tokens[kind]] if parameters else [])
        except NoReverseMatch:
            continue
    return found


def admin_addresses() -> dict[str, str]:
    """The first page of the admin and its lists, one of them searched and filtered."""
    lists = {f"admin:{name}": reverse(f"admin:{name}_changelist") for name in _ADMIN_LISTS}
    jobs = lists["admin:jobs_job"]
    return {
        "admin:index": reverse("admin:index"),
        **lists,
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
