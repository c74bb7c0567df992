"""Addresses of the API's training side."""

from django.urls import include, path

from jobs import api, api_hooks, api_quotes, upload_sessions_api

urlpatterns = [
    path("", include("jobs.batches.api_urls")),
    path("status/", api.StatusView.as_view(), name="status"),
    path("servers/", api.ServersView.as_view(), name="servers"),
    path("datasets/", api.DatasetsView.as_view(), name="datasets"),
    path("hooks/s3/", api_hooks.StorageEventView.as_view(), name="storage-event"),
    path("quotes/", api_quotes.QuotesView.as_view(), name="quotes"),
    path("uploads/", upload_sessions_api.UploadsView.as_view(), name="uploads"),
    path("uploads/<str:token>/", upload_sessions_api.UploadView.as_view(), name="upload"),
    path(
        "uploads/<str:token>/complete/",
        upload_sessions_api.UploadCompleteView.as_view(),
        name="upload-complete",
    ),
    path("jobs/", api.JobsView.as_view(), name="jobs"),
    path("jobs/<str:token>/", api.JobView.as_view(), name="job"),
    path("jobs/<str:token>/cancel/", api.JobCancelView.as_view(), name="job-cancel"),
    path("jobs/<str:token>/stop/", api.JobStopView.as_view(), name="job-stop"),
    path("jobs/<str:token>/events/", api.JobEventsView.as_view(), name="job-events"),
]
