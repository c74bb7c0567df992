"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from flashsite import health, metrics

urlpatterns = [
    path("", include("flashsite.page_urls")),
    path("", include("jobs.urls")),
    path("", include("modelstore.urls")),
    path("health/", health.health, name="health"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include("flashsite.api_urls")),
    path("admin/", admin.site.urls),
]
admin.site.site_header = admin.site.site_title = "Flash"
admin.site.index_title = "Operations"
