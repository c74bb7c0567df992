"""Addresses of the pages."""

from django.urls import include, path

from jobs import views

urlpatterns = [
    path("", include("jobs.batches.urls")),
    path("new/", views.new, name="new"),
    path("new/image/", views.new_image, name="new-image"),
    path("new/text/", views.new_text, name="new-text"),
    path("datasets/<str:token>/", views.dataset, name="dataset"),
    path("datasets/<str:token>/columns/", views.dataset_columns, name="dataset-columns"),
    path("datasets/<str:token>/findings.csv", views.dataset_notes, name="dataset-notes"),
    path("jobs/<str:token>/", views.job, name="job"),
    path("jobs/<str:token>/live/", views.job_live, name="job-live"),
    path("jobs/<str:token>/log.txt", views.job_log, name="job-log"),
    path("jobs/<str:token>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<str:token>/retry/", views.job_retry, name="job-retry"),
]
