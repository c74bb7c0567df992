"""Addresses under /api/v1/."""

from django.urls import include, path, re_path
from django.views.decorators.gzip import gzip_page

# What describes the API registers itself.
from flashsite.api import docs, root, schema  # noqa: F401

app_name = "api"
urlpatterns = [
    path("", root.root, name="root"),
    path("schema/", gzip_page(docs.SchemaView.as_view()), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("", include("jobs.web.api.urls")),
    path("", include("modelstore.web.api_urls")),
    re_path(r"^.*$", root.not_found),
]
