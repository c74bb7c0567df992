"""Addresses of the API's training side."""

from django.urls import include, path

from jobs.web.api import bucket_hooks, datasets, quotes, upload_sessions, version_samples, versions, views

urlpatterns = [
    path("", include("jobs.web.batches.api_urls")),
    path("", include("jobs.web.evaluations.api_urls")),
    path("status/", views.StatusView.as_view(), name="status"),
    path("servers/", views.ServersView.as_view(), name="servers"),
    path("datasets/", datasets.DatasetsView.as_view(), name="datasets"),
    path("datasets/<str:token>/", datasets.DatasetView.as_view(), name="dataset"),
    path("datasets/<str:token>/versions/", versions.KeepVersionsView.as_view(), name="keep-versions"),
    path("versions/<str:token>/", versions.VersionsView.as_view(), name="versions"),
    path("versions/<str:token>/data/", versions.AddedDataView.as_view(), name="versions-data"),
    path(
        "versions/<str:token>/samples/<str:sample>/",
        version_samples.VersionSampleView.as_view(),
        name="version-sample",
    ),
    path("versions/<str:token>/<str:number>/", versions.VersionView.as_view(), name="version"),
    path("versions/<str:token>/<str:number>/diff/", versions.VersionDiffView.as_view(), name="version-diff"),
    path(
        "versions/<str:token>/<str:number>/samples/",
        version_samples.VersionSamplesView.as_view(),
        name="version-samples",
    ),
    path(
        "versions/<str:token>/<str:number>/download/",
        version_samples.VersionDownloadView.as_view(),
        name="version-download",
    ),
    path(
        "versions/<str:token>/<str:number>/dataset/",
        versions.VersionDatasetView.as_view(),
        name="version-dataset",
    ),
    path("models/<str:token>/data-version/", versions.ModelVersionView.as_view(), name="version-of-model"),
    path("hooks/s3/", bucket_hooks.StorageEventView.as_view(), name="storage-event"),
    path("quotes/", quotes.QuotesView.as_view(), name="quotes"),
    path("uploads/", upload_sessions.UploadsView.as_view(), name="uploads"),
    path("uploads/<str:token>/", upload_sessions.UploadView.as_view(), name="upload"),
    path(
        "uploads/<str:token>/complete/",
        upload_sessions.UploadCompleteView.as_view(),
        name="upload-complete",
    ),
    path("jobs/", views.JobsView.as_view(), name="jobs"),
    path("jobs/<str:token>/", views.JobView.as_view(), name="job"),
    path("jobs/<str:token>/cancel/", views.JobCancelView.as_view(), name="job-cancel"),
    path("jobs/<str:token>/stop/", views.JobStopView.as_view(), name="job-stop"),
    path("jobs/<str:token>/events/", views.JobEventsView.as_view(), name="job-events"),
]
