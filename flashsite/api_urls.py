"""Addresses under /api/v1/."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from flashsite import api

app_name = "api"
urlpatterns = [
    path("", api.root, name="root"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    path("", include("jobs.api_urls")),
    path("", include("modelstore.api_urls")),
    re_path(r"^.*$", api.not_found),
]
