"""Addresses of the pages."""

from django.urls import include, path

from jobs import views, views_job

urlpatterns = [
    path("", include("jobs.batches.urls")),
    path("new/", views.new, name="new"),
    path("new/image/", views.new_image, name="new-image"),
    path("new/text/", views.new_text, name="new-text"),
    path("datasets/<str:token>/", views.dataset, name="dataset"),
    path("datasets/<str:token>/columns/", views.dataset_columns, name="dataset-columns"),
    path("datasets/<str:token>/findings.csv", views.dataset_notes, name="dataset-notes"),
    path("jobs/<str:token>/", views_job.job, name="job"),
    path("jobs/<str:token>/live/", views_job.job_live, name="job-live"),
    path("jobs/<str:token>/log.txt", views_job.job_log, name="job-log"),
    path("jobs/<str:token>/cancel/", views_job.job_cancel, name="job-cancel"),
    path("jobs/<str:token>/retry/", views_job.job_retry, name="job-retry"),
]
