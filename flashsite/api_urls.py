"""Addresses under /api/v1/."""

from django.urls import include, path, re_path
from django.views.decorators.gzip import gzip_page

# What describes the API registers itself.
from flashsite import api, api_docs, schema  # noqa: F401

app_name = "api"
urlpatterns = [
    path("", api.root, name="root"),
    path("schema/", gzip_page(api_docs.SchemaView.as_view()), name="schema"),
    path("docs/", api_docs.docs, name="docs"),
    path("", include("jobs.api_urls")),
    path("", include("modelstore.api_urls")),
    re_path(r"^.*$", api.not_found),
]
