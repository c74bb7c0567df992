"""Addresses of the pages."""

from django.urls import include, path

from jobs.web.pages import improving, job_views, reading_views, sample_views, upload_views, version_views

urlpatterns = [
    path("", include("jobs.web.batches.urls")),
    path("", include("jobs.web.evaluations.urls")),
    path("models/<str:token>/improve/", improving.improve, name="model-improve"),
    path("improve-nothing/", improving.improve_nothing, name="improve-nothing"),
    path("new/", upload_views.new, name="new"),
    path("new/<slug:slug>/", upload_views.upload, name="new-kind"),
    path("datasets/<str:token>/", upload_views.dataset, name="dataset"),
    path("datasets/<str:token>/columns/", reading_views.dataset_columns, name="dataset-columns"),
    path("datasets/<str:token>/options/", reading_views.dataset_options, name="dataset-options"),
    path("datasets/<str:token>/samples/", sample_views.dataset_samples, name="dataset-samples"),
    path("datasets/<str:token>/findings.csv", upload_views.dataset_notes, name="dataset-notes"),
    path("datasets/<str:token>/keep/", version_views.keep, name="keep-versions"),
    path("versions/<str:token>/", version_views.versions, name="versions"),
    path("versions/<str:token>/delete/", version_views.delete, name="versions-delete"),
    path("versions/<str:token>/change/", version_views.change, name="versions-change"),
    path("versions/<str:token>/<str:number>/", version_views.version, name="version"),
    path("versions/<str:token>/<str:number>/describe/", version_views.describe, name="version-describe"),
    path("versions/<str:token>/<str:number>/restore/", version_views.restore, name="version-restore"),
    path("versions/<str:token>/<str:number>/train/", version_views.train, name="version-train"),
    path(
        "versions/<str:token>/<str:number>/samples.<str:format>",
        version_views.version_file,
        name="version-file",
    ),
    path("jobs/<str:token>/", job_views.job, name="job"),
    path("jobs/<str:token>/live/", job_views.job_live, name="job-live"),
    path("jobs/<str:token>/log.txt", job_views.job_log, name="job-log"),
    path("jobs/<str:token>/cancel/", job_views.job_cancel, name="job-cancel"),
    path("jobs/<str:token>/retry/", job_views.job_retry, name="job-retry"),
]
