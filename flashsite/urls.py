"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from flashsite.monitoring import health, metrics

urlpatterns = [
    path("", include("flashsite.pages.urls")),
    path("", include("jobs.web.pages.urls")),
    path("", include("modelstore.web.urls")),
    path("health/", health.health, name="health"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include("flashsite.api.urls")),
    path("admin/", admin.site.urls),
]
handler400, handler500 = "flashsite.refusals.bad_request", "flashsite.refusals.server_error"
admin.site.site_header = admin.site.site_title = "Flash"
admin.site.index_title = "Operations"
